//! What is typed, and what it is taken for.

use super::*;

#[test]
fn work_is_read_as_typed() {
    let (ms, eight) = (Duration::from_millis, NonZeroU32::new(8).unwrap());
    let rows = [
        ("none", Work::None),
        ("sleep:fix:5ms", Work::Sleep(Times::Fixed(ms(5)))),
        ("sleep:exp:1.5s", Work::Sleep(Times::Exponential(ms(1500)))),
        ("sleep:bimodal:1ms:100ms:1%", Work::Sleep(Times::Bimodal { usual: ms(1), rare: ms(100), share: 0.01 })),
        ("cpu:200us", Work::Fixed(Manner::Cpu, Duration::from_micros(200))),
        ("cpu-yield:1ms", Work::Fixed(Manner::CpuYield, ms(1))),
        ("block:10ms", Work::Fixed(Manner::Block, ms(10))),
        ("offload:10ms", Work::Fixed(Manner::Offload, ms(10))),
        ("asked:sleep", Work::Asked(Manner::Sleep)),
        ("asked:cpu", Work::Asked(Manner::Cpu)),
        ("asked:cpu-yield", Work::Asked(Manner::CpuYield)),
        ("asked:block", Work::Asked(Manner::Block)),
        ("asked:offload", Work::Asked(Manner::Offload)),
        ("scarce:8:5ms:2%", Work::Scarce(Scarcity { slots: eight, time: ms(5), penalty: 0.02 })),
    ];
    for (typed, work) in rows {
        assert_eq!(typed.parse(), Ok(work), "{typed}");
        assert_eq!(work.to_string().parse(), Ok(work), "{work} as printed");
    }
}

#[test]
fn bad_work_is_named() {
    let unknown = |typed: &str| BadWork::Unknown(typed.to_owned());
    let bad_duration = |typed: &str| BadWork::Duration(typed.to_owned());
    let bad_share = |typed: &str| BadWork::Share(typed.to_owned());
    let rows = [
        ("", unknown("")),
        ("sleep", unknown("sleep")),
        ("sleep:5ms", unknown("sleep:5ms")),
        ("nap:5ms", unknown("nap:5ms")),
        ("cpu:1ms:2ms", unknown("cpu:1ms:2ms")),
        ("cpu:5", bad_duration("5")),
        ("cpu:ms", bad_duration("ms")),
        ("cpu:0ms", bad_duration("0ms")),
        ("cpu:-1ms", bad_duration("-1ms")),
        ("cpu:1..5ms", bad_duration("1..5ms")),
        ("cpu:61s", bad_duration("61s")),
        ("cpu:1h", bad_duration("1h")),
        ("sleep:bimodal:1ms:2ms:1", bad_share("1")),
        ("sleep:bimodal:1ms:2ms:101%", bad_share("101%")),
        ("sleep:bimodal:1ms:2ms:NaN%", bad_share("NaN%")),
        ("asked", unknown("asked")),
        ("asked:5ms", unknown("asked:5ms")),
        ("asked:sleep:5ms", unknown("asked:sleep:5ms")),
        ("offload:0s", bad_duration("0s")),
        ("scarce:8:5ms", unknown("scarce:8:5ms")),
        ("scarce:0:5ms:2%", BadWork::Slots("0".to_owned())),
        ("scarce:65537:5ms:2%", BadWork::Slots("65537".to_owned())),
        ("scarce:8:5ms:2", bad_share("2")),
    ];
    for (typed, error) in rows {
        assert_eq!(typed.parse::<Work>(), Err(error), "{typed}");
    }
}
