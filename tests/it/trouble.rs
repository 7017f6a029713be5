//! Files in trouble: a line that turns bits or breaks, a server that is killed, a source that changes, a full disk.

use std::fs;
use std::process::{Command, Stdio};

use crate::client::{self, Running, run, wait_for};
use crate::proxy::{self, Fault, Way};
use crate::server::Server;
use crate::stage::{Stage, noise};

/// What may be sent twice after a kill, in bytes.
const RESENT_MAX: u64 = 64 * 1024 * 1024;

#[test]
fn a_bit_that_the_line_turns_is_found_and_mended() {
    let stage = Stage::new(&[]);
    let bytes = noise(6_000_000);
    stage.write("here/a.bin", &bytes);
    for (way, chunk) in [(Way::ToServer, 0), (Way::ToServer, 5), (Way::ToClient, 0), (Way::ToClient, 3)] {
        let line = proxy::start(stage.address(), Fault::TurnBit { way, chunk });
        let name = format!("{way:?}-{chunk}.bin");
        let (up, down) = if way == Way::ToServer { (line, stage.address()) } else { (stage.address(), line) };
        let put = ["put", &stage.words("here/a.bin"), "--as", &name];
        client::run_well(up, "ann", &stage.path("home"), &put);
        client::run_well(down, "bob", &stage.path("home"), &["get", &name, "-o", &stage.words("there")]);
        assert!(fs::read(stage.path("there").join(&name)).unwrap() == bytes, "{name}");
    }
}

#[test]
fn what_stays_damaged_has_no_name_on_either_side() {
    let stage = Stage::new(&[]);
    stage.write("here/a.bin", &noise(1_000_000));
    stage.well("ann", &["put", &stage.words("here/a.bin"), "--as", "good.bin"]);
    let up = proxy::start(stage.address(), Fault::TurnBits { way: Way::ToServer });
    let put = run(up, "ann", &stage.path("home"), &["put", &stage.words("here/a.bin"), "--as", "bad.bin"]);
    assert_eq!(put.status.code(), Some(6), "{}", String::from_utf8_lossy(&put.stderr));
    assert!(!stage.path("data/files/rooms/lobby/bad.bin").exists());
    let down = proxy::start(stage.address(), Fault::TurnBits { way: Way::ToClient });
    let get = run(down, "bob", &stage.path("home"), &["get", "good.bin", "-o", &stage.words("there")]);
    assert_eq!(get.status.code(), Some(6), "{}", String::from_utf8_lossy(&get.stderr));
    assert!(!stage.path("there/good.bin").exists());
}

#[test]
fn a_line_that_breaks_again_and_again_carries_the_file_at_last() {
    let stage = Stage::new(&[]);
    let bytes = noise(12_000_000);
    stage.write("here/a.bin", &bytes);
    let up = proxy::start(stage.address(), Fault::CutEvery { way: Way::ToServer, bytes: 3_000_000 });
    client::run_well(up, "ann", &stage.path("home"), &["put", &stage.words("here/a.bin")]);
    let down = proxy::start(stage.address(), Fault::CutEvery { way: Way::ToClient, bytes: 3_000_000 });
    client::run_well(down, "bob", &stage.path("home"), &["get", "a.bin", "-o", &stage.words("there")]);
    assert!(fs::read(stage.path("there/a.bin")).unwrap() == bytes);
}

#[test]
fn little_is_sent_twice_after_a_kill() {
    let stage = Stage::new(&[]);
    let bytes = noise(200_000_000);
    stage.write("here/big.bin", &bytes);
    let (home, address) = (stage.path("home"), stage.address());
    let partial = stage.path("data/files/.partial");
    // Killed late, as seen by what stands on the server's disk.
    let put = ["put", &stage.words("here/big.bin"), "--json"];
    let mut ann = Running::start(client::command(address, "ann", &home, &put));
    let seen = wait_for("most has come", || most_of(&partial, 120_000_000).or_else(|| ann.ended().map(|_| 0)));
    ann.kill();
    client::wait_until_gone(address, "ann", &home);
    let said = client::run_well(address, "ann", &home, &put);
    check_resumed(&said, seen);
    let get = ["get", "big.bin", "-o", &stage.words("there"), "--json"];
    let mut bob = Running::start(client::command(address, "bob", &home, &get));
    let there = stage.path("there");
    let seen = wait_for("most has come", || most_of(&there, 120_000_000).or_else(|| bob.ended().map(|_| 0)));
    bob.kill();
    client::wait_until_gone(address, "bob", &home);
    check_resumed(&client::run_well(address, "bob", &home, &get), seen);
    assert!(fs::read(stage.path("there/big.bin")).unwrap() == bytes);
}

#[test]
fn a_source_that_changed_is_said_and_sent_anew() {
    let stage = Stage::new(&[]);
    stage.write("here/a.bin", &noise(150_000_000));
    let (home, address) = (stage.path("home"), stage.address());
    let put = ["put", &stage.words("here/a.bin")];
    let mut ann = Running::start(client::command(address, "ann", &home, &put));
    let partial = stage.path("data/files/.partial");
    wait_for("some has come", || most_of(&partial, 20_000_000).or_else(|| ann.ended().map(|_| 0)));
    let has_ended = ann.ended().is_some();
    ann.kill();
    client::wait_until_gone(address, "ann", &home);
    let other = noise(149_000_000);
    stage.write("here/a.bin", &other);
    let output = run(address, "ann", &home, &put);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(has_ended || said.contains("changed"), "{said}");
    let name = if has_ended { "a (1).bin" } else { "a.bin" };
    assert!(fs::read(stage.path("data/files/rooms/lobby").join(name)).unwrap() == other);
}

#[test]
fn a_full_disk_is_said_with_numbers_and_heals() {
    if !may_mount() {
        println!("skipped: no file system can be mounted here");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let small = Mounted::new(root.path().join("data"), "24m");
    let data = small.0.to_str().unwrap().to_owned();
    let server = Server::start(&["--data-dir", &data, "--files-min-free-mib", "0", "--grace-ms", "0"]);
    let home = root.path().join("home");
    let source = root.path().join("a.bin");
    fs::write(&source, noise(9_000_000)).unwrap();
    let put = |name: &str| {
        let output = run(server.address(), "ann", &home, &["put", source.to_str().unwrap(), "--as", name]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = put("one.bin");
    assert_eq!(code, Some(0), "{said}");
    // Somebody else fills the disk.
    fs::write(small.0.join("filler"), noise(12_000_000)).unwrap();
    let (code, said) = put("two.bin");
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("9000000") || said.contains("8.6 MiB"), "{said}");
    assert!(!small.0.join("files/rooms/lobby/two.bin").exists());
    fs::remove_file(small.0.join("filler")).unwrap();
    assert_eq!(put("two.bin").0, Some(0));
    server.kill();
}

/// How many bytes of a partial file stand in `folder`, once that is at least `bytes`.
pub(crate) fn most_of(folder: &std::path::Path, bytes: u64) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    let entries = fs::read_dir(folder).ok()?.flatten();
    let partial = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".log"));
    // The journal has 32 bytes for each verified group of 256 KiB.
    let verified = partial.filter_map(|entry| Some(entry.metadata().ok()?.size() / 32 * 256 * 1024)).max()?;
    (verified >= bytes).then_some(verified)
}

/// Checks that a second run went on at most [`RESENT_MAX`] before what was `seen` of the first.
pub(crate) fn check_resumed(said: &str, seen: u64) {
    let last = said.lines().last().unwrap_or_default();
    if seen == 0 {
        return println!("it was done before it could be killed");
    }
    let from =
        last.split("\"resumed_from\":").nth(1).and_then(|rest| rest.split([',', '}']).next()?.parse::<u64>().ok());
    let from = from.unwrap_or_else(|| panic!("no resumed_from in {last}"));
    assert!(from + RESENT_MAX >= seen, "{seen} bytes were verified, and it went on from {from}");
}

/// A small file system of its own, unmounted when it is dropped.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn new(path: std::path::PathBuf, size: &str) -> Self {
        fs::create_dir_all(&path).unwrap();
        let options = format!("size={size}");
        assert!(mount(&["-t", "tmpfs", "-o", &options, "tmpfs", path.to_str().unwrap()]));
        Self(path)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: the server may still be ending.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

fn mount(words: &[&str]) -> bool {
    let mut command = Command::new("mount");
    command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn may_mount() -> bool {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().to_str().unwrap();
    let mounted = mount(&["-t", "tmpfs", "-o", "size=64k", "tmpfs", path]);
    if mounted {
        drop(Command::new("umount").arg(path).status());
    }
    mounted
}
