//! What the documents say is true: every command in a `console` block runs and prints what stands below it; every link
//! leads somewhere; every command and event is in the reference.
//!
//! In a block, `$ ` begins a command. Its output must begin with the lines below it. `…` stands for what differs from run
//! to run: inside a line for any text, alone on a line for any number of lines. A command that must fail ends in
//! `# exit N`. The blocks of one document run in order in one directory that holds the samples. A block that names a file
//! (```` ```json sign.json ````) is written to it first.

use accord_domain::{Act, EventType};
use accord_tests::{program, root};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn documents() -> Vec<PathBuf> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "md") {
                found.push(path);
            }
        }
    }
    let mut found =
        vec![root().join("README.md"), root().join("README.zh-CN.md"), root().join("samples/README.md")];
    walk(&root().join("docs"), &mut found);
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A command of a document and what it says is printed.
struct Step {
    line: usize,
    command: String,
    exit: i32,
    output: Vec<String>,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        match (inside, line.trim_end()) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => {
                if let Some(command) = line.strip_prefix("$ ") {
                    let (command, exit) = match command.rsplit_once("# exit ") {
                        Some((command, code)) => (command.trim_end(), code.parse().expect("an exit code")),
                        None => (command, 0),
                    };
                    steps.push(Step {
                        line: index + 1,
                        command: command.to_owned(),
                        exit,
                        output: Vec::new(),
                    });
                } else if let Some(last) = steps.last_mut() {
                    last.output.push(line.to_owned());
                }
            }
            (false, _) => {}
        }
    }
    steps
}

/// Blocks that name a file, and what is in them.
fn files(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some((_, name)) = line.strip_prefix("```").and_then(|fence| fence.split_once(' ')) {
            files.push((name.trim().to_owned(), String::new()));
            inside = true;
        } else if line.starts_with("```") {
            inside = false;
        } else if let Some((_, text)) = files.last_mut().filter(|_| inside) {
            text.push_str(line);
            text.push('\n');
        }
    }
    files
}

/// Whether a printed line is the one a document shows, with `…` for any text.
fn line_matches(shown: &str, printed: &str) -> bool {
    let mut rest = printed;
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(found) = rest.find(part) else { return false };
        rest = &rest[found + part.len()..];
    }
    rest.ends_with(last)
}

fn output_matches(shown: &[String], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => true,
        Some((first, rest)) if first.trim() == "…" => {
            (0..=printed.len()).any(|skip| output_matches(rest, &printed[skip..]))
        }
        Some((first, rest)) => match printed.split_first() {
            Some((line, printed)) => line_matches(first, line.trim_end()) && output_matches(rest, printed),
            None => first.is_empty() && output_matches(rest, printed),
        },
    }
}

#[test]
fn the_commands_in_the_documents_run_and_print_what_is_shown() {
    let bin = program::path().parent().expect("a folder").to_owned();
    let path = std::env::join_paths(
        std::iter::once(bin).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .expect("a search path");
    let mut failed = Vec::new();
    let mut count = 0;
    for document in documents() {
        let steps = steps(&read(&document));
        if steps.is_empty() {
            continue;
        }
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("samples")).expect("a directory");
        for (name, text) in accord_tests::samples() {
            fs::write(dir.path().join("samples").join(name + ".jsonl"), text).expect("a sample");
        }
        for (file, text) in files(&read(&document)) {
            fs::write(dir.path().join(file), text).expect("a file");
        }
        let name = document.strip_prefix(root()).unwrap_or(&document).display().to_string();
        for step in steps {
            count += 1;
            let output = Command::new("bash")
                .args(["-c", &step.command])
                .current_dir(dir.path())
                .env("PATH", &path)
                .env("LANG", "C.UTF-8")
                .env_remove("ACCORD_LEDGER")
                .output()
                .expect("bash");
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            let printed: Vec<&str> = printed.lines().collect();
            let talk = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.code() != Some(step.exit) || !output_matches(&step.output, &printed) {
                let printed = printed.join("\n");
                failed.push(format!(
                    "{name}:{}: {}\n-- {}\n{printed}\n{talk}",
                    step.line, step.command, output.status
                ));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert!(count > 10, "only {count} commands were found in the documents");
}

#[test]
fn links_between_documents_lead_somewhere() {
    for document in documents() {
        let text = read(&document);
        for target in
            text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
        {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let leads = document.parent().expect("a folder").join(target).exists();
            assert!(leads, "{}: {target}", document.display());
        }
    }
}

#[test]
fn every_command_and_every_event_is_in_the_reference() {
    let commands = read(&root().join("docs/reference/commands.md"));
    for name in Act::names() {
        assert!(
            commands.contains(&format!("`{name}`")),
            "docs/reference/commands.md does not tell of {name}"
        );
    }
    let events = read(&root().join("docs/reference/events.md"));
    for (number, name, schema) in EventType::all() {
        let row = format!("| {number} | `{name}` | {schema} |");
        assert!(events.contains(&row), "docs/reference/events.md has no row {row}");
    }
}

/// A promise without a test is a wish.
#[test]
fn every_test_that_a_guarantee_names_exists() {
    fn sources(dir: &Path, found: &mut String) {
        for entry in fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push_str(&read(&path));
            }
        }
    }
    let mut code = String::new();
    for folder in ["domain", "store", "projections", "replay", "api", "tests"] {
        sources(&root().join(folder), &mut code);
    }
    let guarantees = read(&root().join("docs/guarantees.md"));
    let mut count = 0;
    for line in guarantees.lines().filter(|line| line.starts_with("| ")) {
        let held_by = line.rsplit('|').nth(1).unwrap_or_default();
        for name in held_by.split('`').skip(1).step_by(2) {
            count += 1;
            assert!(
                code.contains(&format!("fn {name}(")),
                "docs/guarantees.md names {name}, which is no test"
            );
        }
    }
    assert!(count > 20, "only {count} tests are named");
}

/// Other documents name a promise by its number.
#[test]
fn the_promises_are_numbered_one_after_another() {
    let guarantees = read(&root().join("docs/guarantees.md"));
    let numbers: Vec<usize> = guarantees
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next()?.parse().ok())
        .collect();
    assert!(numbers.len() > 20, "{numbers:?}");
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
}

/// A merge that was left half done reads like text where nothing compiles it.
#[test]
fn no_file_holds_the_marks_of_a_conflict() {
    fn texts(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() {
                if name != "target" && name != ".git" {
                    texts(&path, found);
                }
            } else if name != ".git" {
                found.push(path);
            }
        }
    }
    let mut files = Vec::new();
    texts(&root(), &mut files);
    let mut count = 0;
    for file in files {
        // What is no text is no file that people merge.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        count += 1;
        for (index, line) in text.lines().enumerate() {
            let mark = ['<', '|', '=', '>'].into_iter().any(|sign| {
                let rest = line.strip_prefix(&sign.to_string().repeat(7));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            });
            assert!(!mark, "{}:{}: {line}", file.display(), index + 1);
        }
    }
    assert!(count > 500, "only {count} texts were looked at");
}

#[test]
fn the_reference_lists_the_fields_that_each_command_takes() {
    let commands = read(&root().join("docs/reference/commands.md"));
    for name in Act::names() {
        let row =
            commands.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap_or_default();
        let subject = match name.split_once('.').map(|(kind, _)| kind) {
            Some("institution") => "H37010290001",
            Some("practitioner") => "D370102900001",
            Some("enterprise") => "91350100M000100Y43",
            Some("insured") => "ins-7f3a09c2",
            Some("area") => "370100",
            _ => "case-2025-0804",
        };
        let text = format!(
            r#"{{"command":"{name}","subject":"{subject}","actor":{{"authority":"agency"}},"data":{{"no_such_field":1}}}}"#
        );
        let error = accord_domain::Command::parse(&text).expect_err("an unknown field");
        let accepted: Vec<&str> = error.message.en.split('`').skip(3).step_by(2).collect();
        assert!(!accepted.is_empty(), "{name}: {}", error.message.en);
        for field in accepted {
            assert!(row.contains(&format!("`{field}`")), "docs/reference/commands.md: {name} takes {field}");
        }
    }
}

#[test]
fn every_dependency_has_its_reason_in_the_documents() {
    let reasons = read(&root().join("docs/dependencies.md"));
    for folder in ["domain", "store", "projections", "replay", "api", "tests", "xtask"] {
        let manifest = read(&root().join(folder).join("Cargo.toml"));
        for line in manifest.lines() {
            let Some((name, _)) =
                line.split_once(".workspace = true").or_else(|| line.split_once(" = { workspace"))
            else {
                continue;
            };
            let of_ours = name.starts_with("accord-");
            // `version.workspace = true` and its like are of the package, not dependencies.
            let of_package = ["version", "edition", "rust-version", "license", "publish"].contains(&name);
            let reasoned = of_ours || of_package || reasons.contains(&format!("`{name}`"));
            assert!(reasoned, "docs/dependencies.md gives no reason for {name} of {folder}/Cargo.toml");
        }
    }
}

#[test]
fn documents_carry_no_paths_of_the_machine_they_were_written_on() {
    for document in documents() {
        let text = read(&document);
        for folder in ["work", "home", "root", "tmp"] {
            let path = format!("/{folder}/");
            assert!(!text.contains(&path), "{} names {path}", document.display());
        }
    }
}

#[test]
fn shown_output_is_compared_with_gaps_only_where_the_document_says_so() {
    assert!(line_matches("recorded … as #4", "recorded 2025-08-04 as #4"));
    assert!(!line_matches("recorded … as #4", "recorded 2025-08-04 as #5"));
    assert!(!line_matches("recorded", "recorded twice"));
    let shown = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(output_matches(&shown(&["a", "…", "d"]), &["a", "b", "c", "d"]));
    assert!(!output_matches(&shown(&["a", "d"]), &["a", "b", "d"]));
    assert!(!output_matches(&shown(&["a", "…", "e"]), &["a", "b", "c", "d"]));
}
