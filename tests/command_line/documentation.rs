//! The Markdown files of the repository: their links lead somewhere, their scenarios are accepted, and the README is short.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::command::Desk;

/// The README is read before anything else, so it has to stay short.
const MOST_BYTES_OF_README: usize = 8_192;

/// Every Markdown file of the repository that people read.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut folders = vec![PathBuf::from("docs")];
    for entry in Path::new(".").read_dir().expect("the repository can be read") {
        let path = PathBuf::from(entry.expect("an entry can be read").file_name());
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("the folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

fn text_of(page: &Path) -> String {
    std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// The lines outside code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        in_code ^= fence;
        !fence && !in_code
    })
}

/// The code blocks in this language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}");
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let inside: Vec<&str> = lines
                .by_ref()
                .take_while(|line| !line.starts_with("```"))
                .collect();
            if line == opening {
                found.push(inside.join("\n"));
            }
        }
    }
    found
}

/// The targets of all links and pictures: what stands in parentheses behind a bracket.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let mut rest = line;
        while let Some(start) = rest.find("](") {
            rest = &rest[start + 2..];
            let end = rest
                .find(')')
                .unwrap_or_else(|| panic!("a link without an end: {line}"));
            found.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
    }
    found
}

/// The anchors of a page's headings, as code hosts and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter_map(|line| line.strip_prefix('#'));
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_link_between_pages_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = text_of(&page);
        for target in targets(&text) {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() {
                page.clone()
            } else {
                page.parent().expect("a page is in a folder").join(file)
            };
            let known = path.exists() && (anchor.is_empty() || anchors(&text_of(&path)).contains(anchor));
            if !known {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn the_summary_lists_every_page_of_the_book() {
    let listed: BTreeSet<PathBuf> = targets(&text_of(Path::new("docs/SUMMARY.md")))
        .iter()
        .map(|target| Path::new("docs").join(target))
        .collect();
    let book: BTreeSet<PathBuf> = pages()
        .into_iter()
        .filter(|page| page.starts_with("docs") && !page.ends_with("SUMMARY.md"))
        .collect();
    assert_eq!(listed, book);
}

#[test]
fn the_gallery_lists_every_bundled_scenario() {
    let gallery = text_of(Path::new("docs/gallery.md"));
    for folder in ["scenarios", "scenarios/published"] {
        for entry in Path::new(folder).read_dir().expect("the folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let link = format!("(../{})", path.display());
                assert!(gallery.contains(&link), "docs/gallery.md has no link {link}");
            }
        }
    }
}

#[test]
fn every_scenario_of_the_pages_is_accepted() {
    let mut checked = 0;
    for page in pages() {
        for scenario in blocks(&text_of(&page), "toml") {
            if !scenario.starts_with("title = ") {
                continue;
            }
            let said = Desk::with(&scenario).gilsim(&["check", "scenario.toml"]);
            assert_eq!(said.code, 0, "{}: {}", page.display(), said.stderr);
            checked += 1;
        }
    }
    assert!(checked > 0, "no page has a scenario");
}

#[test]
fn every_scenario_that_a_command_names_exists() {
    for page in pages() {
        for block in blocks(&text_of(&page), "sh") {
            for word in block.split_whitespace() {
                if word.starts_with("scenarios/") && word.ends_with(".toml") && word != "scenarios/here.toml"
                {
                    assert!(Path::new(word).exists(), "{}: {word}", page.display());
                }
            }
        }
    }
}

#[test]
fn every_file_that_a_page_for_developers_names_exists() {
    for (page, root) in [
        ("CONTRIBUTING.md", "."),
        ("docs/architecture.md", "."),
        ("docs/architecture.md", "src"),
    ] {
        let text = text_of(Path::new(page));
        // What stands between two backticks is every second part.
        for named in prose(&text).flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let of_this_root = if root == "src" {
                // The table of files and what they mirror.
                named.ends_with(".rs") && named.contains('/') && !named.starts_with("src/")
            } else {
                [
                    "src/",
                    "tests/",
                    "docs/",
                    "scenarios/",
                    "output/",
                    ".ci/",
                    ".github/",
                ]
                .iter()
                .any(|folder| named.starts_with(folder))
            };
            if of_this_root && !named.contains("NAME") && !named.contains('*') {
                assert!(Path::new(root).join(named).exists(), "{page}: {named}");
            }
        }
    }
}

#[test]
fn the_readme_is_short() {
    let size = text_of(Path::new("README.md")).len();
    assert!(
        size <= MOST_BYTES_OF_README,
        "README.md has {size} bytes: move text into docs/"
    );
}
