//! `docs/threats.md` names a test for each defence: each of them exists.

use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of the tables, each as its cells.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let lines = page.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    let rows = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect());
    rows.filter(|cells: &Vec<&str>| cells != &["attack", "defence", "shown by"]).collect()
}

/// Whether the test, the vector or the damaged day is in the file that the page says.
fn exists(file: &str, name: &str) -> bool {
    if file.ends_with(".md") {
        return read(file).contains(&format!("| `{name}` |"));
    }
    if file.ends_with(".json") {
        return read(&format!("tests/vectors/v1/{file}")).contains(&format!("\"name\": \"{name}\","));
    }
    let source = read(file);
    source.split("#[test]").skip(1).any(|after| {
        let line = after.lines().map(str::trim_start).find(|line| line.starts_with("fn ")).unwrap_or("");
        line.starts_with(&format!("fn {name}("))
    })
}

#[test]
fn every_defence_is_shown_by_a_test_that_exists() {
    let page = read("docs/threats.md");
    let rows = rows(&page);
    assert!(rows.len() > 50, "{} rows", rows.len());
    let mut attacks = BTreeSet::new();
    for cells in rows {
        let [attack, defence, shown] = cells[..] else { panic!("not three cells: {cells:?}") };
        assert!(attacks.insert(attack), "{attack} twice");
        assert!(!defence.is_empty(), "no defence against: {attack}");
        let tests: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "nothing shows the defence against: {attack}");
        for test in tests {
            let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("not a test: {test}"));
            assert!(exists(file, name), "there is no {test}");
        }
    }
}
