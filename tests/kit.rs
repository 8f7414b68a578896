//! The kit that `four_cities` leaves: with it, and the published lists, anyone starts a gate.

use onecard_testkit::programs::example;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn a_venue_opens_with_the_kit_of_a_day_and_the_audit_leaves_it_alone() {
    let place = tempfile::tempdir().unwrap();
    let day = place.path().join("day");
    let run = |name: &str, what: &str| {
        let mut command = Command::new(example(name));
        command.args([what, day.to_str().unwrap()]);
        if what == "--out" {
            command.args(["--visits", "40"]);
        }
        command.output().unwrap()
    };
    let played = run("four_cities", "--out");
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    let audited = run("four_cities", "--audit");
    let said = String::from_utf8(audited.stdout).unwrap();
    assert!(audited.status.success(), "{said}");
    assert!(said.contains("not read: keys/, kit/, passes/"), "{said}");

    let kit = day.join("kit");
    let text = |name: &str| fs::read_to_string(kit.join(name)).unwrap().trim_end().to_owned();
    let hex: String = fs::read(kit.join("anchor")).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(text("anchor.hex"), hex);
    let mut lists: Vec<PathBuf> = fs::read_dir(day.join("trust")).unwrap().map(|file| file.unwrap().path()).collect();
    lists.sort();
    let mut venue = Command::new(example("venue"));
    venue.arg(place.path().join("gate.redb")).arg(kit.join("seed")).arg(kit.join("certificate"));
    venue.arg(text("anchor.hex")).args(lists).env("ONECARD_NOW", text("now"));
    let ran = venue.stdin(fs::File::open(kit.join("code.txt")).unwrap()).output().unwrap();
    let (answer, said) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && answer.starts_with("open\t0\t") && said.is_empty(), "{answer}{said}");
}
