//! What is not as the rules have it, told by the real program of the sample histories.

use accord_tests::program::run;
use accord_tests::world::World;
use serde_json::Value as Json;

/// Recorded on the first of March 2026, all of them.
const RECORDED: &str = "2026-03-01T09:00:00+08:00";

/// A ledger with these histories in it.
async fn told(samples: Vec<(String, String)>) -> World {
    let world = World::new();
    for (_, text) in samples {
        for line in text.lines() {
            let command: Json = serde_json::from_str(line).expect("JSON");
            world.does(RECORDED, &command).await;
        }
    }
    world
}

fn check(world: &World, arguments: &[&str]) -> String {
    let ledger = world.dir().to_str().expect("UTF-8");
    let place = ["--ledger", ledger, "--lang", "zh"];
    let day = ["check", "--as-of", "2026-03-02", "--known-at", "2026-03-02"];
    let run = run(world.dir(), &[&place, arguments, &day[..]].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
    without_marks(&run.out)
}

/// What is shown of a sealed value is the beginning of its mark, another one in every ledger.
fn without_marks(text: &str) -> String {
    let mut parts = text.split("sealed:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("sealed:…");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c)));
    }
    out
}

#[tokio::test]
async fn the_published_cases_are_told_and_counted() {
    let world = told(accord_tests::samples()).await;
    let whole = check(&world, &[]);
    let counts = whole.split("\n\n").last().expect("counts at the end");
    insta::assert_snapshot!("published_counts", counts);
    let lines: Vec<Json> = check(&world, &["--json"])
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"))
        .collect();
    let total = counts.lines().last().and_then(|line| line.split_whitespace().last());
    assert_eq!(total, Some(lines.len().to_string().as_str()), "the count is of the lines");
    for line in &lines {
        assert!(!line["events"].as_array().expect("events").is_empty(), "{line}");
        assert!(!line["words"].as_str().expect("words").is_empty(), "{line}");
        assert_eq!(line["rule"].is_null(), line["basis"].as_array().expect("basis").is_empty(), "{line}");
    }
    // What is told of each subject alone is what is told of all.
    let mut alone = 0;
    let mut subjects: Vec<&str> = lines.iter().filter_map(|line| line["subject"].as_str()).collect();
    subjects.dedup();
    for subject in subjects {
        let ledger = world.dir().to_str().expect("UTF-8");
        let asked = [
            "--ledger",
            ledger,
            "--json",
            "check",
            subject,
            "--as-of",
            "2026-03-02",
            "--known-at",
            "2026-03-02",
        ];
        alone += run(world.dir(), &asked).out.lines().count();
    }
    assert_eq!(alone, lines.len());
}

#[tokio::test]
async fn the_pharmacies_of_shaoyang_as_a_lawyer_reads_them() {
    let mut samples = accord_tests::samples();
    samples.retain(|(name, _)| name.starts_with("rc-10"));
    let world = told(samples).await;
    insta::assert_snapshot!("shaoyang", check(&world, &[]));
}

#[tokio::test]
async fn the_made_up_histories_are_told_and_counted() {
    let world = told(accord_tests::made_up()).await;
    insta::assert_snapshot!("made_up", check(&world, &[]));
}
