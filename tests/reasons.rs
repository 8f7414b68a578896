//! `docs/reasons.md` is what the code says.

use onecard::gate::{Reason, SELF_TEST_AHEAD, Trouble, Verdict};
use std::fmt::Write;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reasons.md");

fn written() -> String {
    let severity = |severity| match severity {
        Verdict::Admit => "admit",
        Verdict::Refer => "refer",
        Verdict::Deny => "deny",
    };
    let mut out = String::from(
        "# Reasons\n\n\
         Written from the code: `cargo test --test reasons -- --ignored write`. Numbers keep their meaning for ever.\n\n\
         ## Of a decision\n\n\
         Below 20 the barrier opens, from 20 to 39 a person decides, from 40 on it stays closed. Where the visitor does not see\n\
         the text, the screen says \"please see staff\".\n\n\
         | number | name | 中文 | English | severity | visitor sees it |\n|---|---|---|---|---|---|\n",
    );
    for reason in Reason::ALL {
        let (zh, en, kind) = (reason.text_zh(), reason.text_en(), severity(reason.verdict()));
        let shown = if reason.shows_detail() { "yes" } else { "no" };
        writeln!(out, "| {} | {reason:?} | {zh} | {en} | {kind} | {shown} |", reason.number()).unwrap();
    }
    let hours = SELF_TEST_AHEAD / 3_600;
    writeln!(
        out,
        "\n## Of a self-test\n\n\
         What fails now or within {hours} hours. The severity is what visitors meet then: *deny*, nobody is let in, or nobody with\n\
         a pass of the member named; *refer*, a person decides on each; *admit*, nothing yet.\n\n\
         | number | name | 中文 | English | severity |\n|---|---|---|---|---|"
    )
    .unwrap();
    for trouble in Trouble::ALL {
        let (zh, en, kind) = (trouble.text_zh(), trouble.text_en(), severity(trouble.verdict()));
        writeln!(out, "| {} | {trouble:?} | {zh} | {en} | {kind} |", trouble.number()).unwrap();
    }
    out
}

#[test]
fn the_table_is_what_the_code_says() {
    assert_eq!(std::fs::read_to_string(PATH).unwrap(), written());
}

/// Writes the table anew: `cargo test --test reasons -- --ignored write`.
#[test]
#[ignore = "writes docs/reasons.md"]
fn write_reasons() {
    std::fs::write(PATH, written()).unwrap();
}
