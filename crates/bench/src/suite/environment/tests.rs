//! Texts as Linux and Cargo write them, and that nothing is left out.

use super::build::version_of;
use super::linux::{field, limit_of, virtualisation};
use super::*;

#[test]
fn fields_are_read() {
    let text = "processor\t: 0\nmodel name\t: AMD EPYC : 7B13\nflags\t\t: fpu vme hypervisor\n";
    assert_eq!(field(text, "model name").as_deref(), Some("AMD EPYC : 7B13"));
    assert_eq!(field(text, "model"), None);
    assert!(virtualisation(text).unwrap().starts_with("a virtual machine"));
    assert_eq!(virtualisation("flags\t\t: fpu vme\n").as_deref(), Some("none"));
    assert_eq!(virtualisation(""), None);
    let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                  Max open files            1024                 524288               files\n\
                  Max stack size            8388608              unlimited            bytes\n";
    assert_eq!(limit_of(limits, "Max open files").as_deref(), Some("1024 (at most 524288)"));
    assert_eq!(limit_of(limits, "Max stack size").as_deref(), Some("8388608 (at most unlimited)"));
    assert_eq!(limit_of("", "Max open files"), None);
}

#[test]
fn versions_are_read_from_the_lock_file() {
    let lock = "[[package]]\nname = \"mio\"\nversion = \"1.2.4\"\n\n[[package]]\nname = \"mio-more\"\nversion = \"7.0.0\"\n\n\
                [[package]]\nname = \"two\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"two\"\nversion = \"2.0.0\"\n";
    assert_eq!(version_of(lock, "mio").as_deref(), Some("1.2.4"));
    assert_eq!(version_of(lock, "two").as_deref(), Some("1.0.0, 2.0.0"));
    assert_eq!(version_of(lock, "three"), None);
}

#[test]
fn everything_has_a_place_and_the_build_is_known() {
    let environment = read(Pinning { server: Some(0), load: None }, 7);
    for part in ["processor", "system", "limits", "sysctls", "build", "run"] {
        assert!(environment[part].as_object().is_some_and(|part| !part.is_empty()), "{part}: {environment:#}");
    }
    for name in ["tokio", "mio", "hdrhistogram", "socket2"] {
        let version = environment["build"]["crates"][name].as_str().unwrap();
        assert!(version.contains('.'), "{name}: {version}");
    }
    assert_eq!(environment["run"], serde_json::json!({ "seed": 7, "server_core": 0, "load_core": "not pinned" }));
}

#[test]
#[cfg(target_os = "linux")]
fn linux_says_what_decides_the_queues() {
    let environment = read(Pinning::NONE, 1);
    assert!(environment["sysctls"]["net.core.somaxconn"].as_str().unwrap().parse::<u32>().is_ok());
    assert!(environment["limits"]["open_files"].as_str().unwrap().contains("at most"));
    assert!(environment["system"]["kernel"].as_str().unwrap().contains('.'));
}
