//! The page itself: its contents, matrix, forests, cells, and its script.

use report::html;
use results::Run;
use serde_json::Value;

use crate::checked::{many, vouched};
use crate::runs::{absent, cell, empty, everything, forty, group, page, swept};

/// What stands between two marks, the first of them.
fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    let (_, rest) = page.split_once(from).unwrap_or_else(|| panic!("missing: {from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("missing: {to}")).0
}

/// What the script knows.
fn data(run: &Run) -> Value {
    let page = html(run);
    serde_json::from_str(between(&page, "<script type=\"application/json\" id=\"d\">", "</script>")).expect("JSON")
}

#[test]
fn contents_name_the_sections_that_are_there_in_their_order() {
    for run in [empty(), everything(), swept()] {
        let page = html(&run);
        let nav = between(&page, "<nav", "</nav>");
        let listed: Vec<(&str, &str)> = nav
            .split("<a href=\"#")
            .skip(1)
            .map(|link| link.split_once("</a>").unwrap().0.split_once("\">").unwrap())
            .collect();
        let there: Vec<(&str, &str)> = page
            .split("<section id=\"")
            .skip(1)
            .map(|section| (section.split_once('"').unwrap().0, between(section, "<h2>", "</h2>")))
            .collect();
        assert_eq!(listed, there);
        assert!(there.len() > 4, "{there:?}");
    }
}

#[test]
fn every_link_within_the_page_leads_somewhere() {
    for run in [everything(), swept(), vouched(), many(80, 11)] {
        let page = page(&run);
        for link in page.split("href=\"#").skip(1).map(|rest| rest.split_once('"').unwrap().0) {
            assert!(page.contains(&format!(" id=\"{link}\"")), "#{link}");
        }
    }
}

#[test]
fn ids_stand_once() {
    for run in [everything(), swept()] {
        let page = page(&run);
        let mut ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
        ids.sort_unstable();
        let twice: Vec<&[&str]> = ids.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}

/// The text of a row of the matrix, cell by cell.
fn row(page: &str, label: &str) -> Vec<String> {
    let table = between(page, "id=\"t-mx\"", "</table>");
    let row = table.split("<tr").find(|row| row.contains(&format!(">{label}<"))).unwrap_or_else(|| panic!("{label}"));
    let cells = row.split("<td").skip(1);
    let text = |cell: &str| {
        let parts = cell.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text));
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ").replace('\u{a0}', " ")
    };
    cells.map(text).collect()
}

#[test]
fn cells_of_the_matrix_say_what_is_known() {
    let page = html(&everything());
    // Sequential, data-parallel, threads, processes, async, gil in the order of the run.
    assert_eq!(
        row(&page, "primes"),
        [
            "1.96–2.0× | 10.0 ms",
            "1.00 | par-iter",
            "= | stealing",
            "1.10–1.14× | shared-memory",
            "≤1.05× | spawn",
            "n/a | one lock cannot spread computation",
        ]
    );
    assert_eq!(
        row(&page, "counter:keys=64"),
        [
            "1.92–2.0× | 10.0 ms",
            "2.4–2.5× ▼ | mutex",
            "1.00 | local-merge",
            "failed | worker 3 died: exit status 101",
            "far 45× ▼ | sync-mutex",
            "skipped | excluded by the filter !gil",
        ]
    );
    let table = between(&page, "id=\"t-mx\"", "</table>");
    for heat in ["h0 m-d", "h2 m-p", "h1 m-a", "h3 m-s", "hx m-a"] {
        assert!(table.contains(&format!("<td class=\"{heat}\">")), "{heat}");
    }
    assert!(table.contains("<a href=\"#g0\" data-cell=\"primes/threads/stealing/w2\">"));
}

#[test]
fn a_group_without_a_verdict_has_medians_and_no_heat() {
    let mut run = everything();
    run.groups[0].leader = None;
    let page = html(&run);
    assert_eq!(row(&page, "primes")[..2], ["10.0 ms | plain", "5.00 ms | par-iter"]);
    let table = between(&page, "id=\"t-mx\"", "</table>");
    let primes = table.split("<tr").find(|row| row.contains(">primes<")).unwrap();
    assert!(primes.contains("not decided"), "{primes}");
    assert!(!primes.contains("class=\"h0") && !primes.contains("class=\"h1"), "{primes}");
}

/// One workload at several numbers of workers, on two CPUs.
fn counts() -> Run {
    let mut run = empty();
    for workers in [1, 2, 4] {
        group(&mut run, &format!("primes/w{workers}"), "threads/static", &[], 5.0);
    }
    group(&mut run, "counter/w8", "threads/sharded", &[], 5.0);
    run
}

#[test]
fn the_number_of_workers_within_the_machine_is_shown_first() {
    let page = html(&counts());
    let table = between(&page, "id=\"t-mx\"", "</table>");
    let shown: Vec<&str> = table.split("<tr").filter(|row| row.contains(", best") && !row.contains("alt")).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].contains("data-w=\"2\"") && shown[0].contains("<small>w2, best"), "{shown:?}");
    // What was measured at one number only stays, whatever one chooses.
    assert!(!shown[1].contains("data-w") && shown[1].contains("<small>w8, best"), "{shown:?}");
    assert_eq!(table.matches("class=\"alt\"").count(), 2);
    let choice = between(&page, "<select id=\"w\">", "</select>");
    assert_eq!(choice, "<option>1</option><option selected>2</option><option>4</option>");
    assert!(!html(&everything()).contains("<select"), "nothing to choose");
}

#[test]
fn a_forest_joins_whom_no_test_tells_apart() {
    let mut run = everything();
    let letters = [
        ("data-parallel/par-iter", "a"),
        ("threads/stealing", "a"),
        ("threads/queue", "ab"),
        ("threads/static", "a"),
        ("async/spawn", "b"),
        ("processes/shared-memory", "c"),
    ];
    run.groups[0].letters = letters.into_iter().map(|(name, all)| (name.to_owned(), all.to_owned())).collect();
    let page = html(&run);
    let table = between(&page, "id=\"t-g0\"", "</table>");
    let sets: Vec<&str> =
        table.split("<td class=\"set\">").skip(1).map(|row| row.split_once("<th").unwrap().0).collect();
    assert_eq!(sets[0], "<i class=\"b0 l0 s\"></i><span class=\"sr\">a</span>");
    assert_eq!(sets[2], "<i class=\"b0 l0\"></i><i class=\"b1 l1 s\"></i><span class=\"sr\">ab</span>");
    assert_eq!(sets[3], "<i class=\"b0 l0 e\"></i><span class=\"sr\">a</span>", "separated from async/spawn");
    assert_eq!(sets[4], "<i class=\"b1 l1 e\"></i><span class=\"sr\">b</span>");
    assert_eq!(sets[5], "<span class=\"sr\">c</span>", "joined to nobody");
}

#[test]
fn what_is_wrong_on_purpose_stands_apart_and_is_never_ranked() {
    let page = html(&everything());
    let body = between(between(&page, "id=\"t-g1\"", "</table>"), "<tbody class=\"wrong\">", "</tbody>");
    assert!(body.contains("threads/racy") && body.contains("69 % of updates lost"), "{body}");
    assert!(body.contains("href=\"#mx\"") && !body.contains("leads") && !body.contains("class=\"ci\""), "{body}");
}

#[test]
fn metrics_of_a_group_stand_in_one_table_and_those_it_lacks_are_named_once() {
    let page = html(&everything());
    let table = between(&page, "id=\"k0\"", "</details>");
    assert_eq!(table.matches("<tr").count(), 1 + 7);
    assert!(table.contains("<th scope=\"col\">peak memory<"));
    let mut run = everything();
    for cell in &mut run.cells {
        let reason = "smaps_rollup is not readable".to_owned();
        cell.metrics.insert("pss_bytes".to_owned(), results::Metric::Missing { value: None, reason });
    }
    let page = html(&run);
    let table = between(&page, "id=\"k0\"", "</details>");
    assert!(!table.contains("<th scope=\"col\">shared-out memory</th>"));
    assert_eq!(table.matches("shared-out memory (smaps_rollup is not readable)").count(), 1);
}

#[test]
fn one_cell_is_drawn_and_the_script_knows_all() {
    let run = everything();
    let page = html(&run);
    let section = between(&page, "<section id=\"cell\">", "</section>");
    // The leader of the group with the most contenders.
    assert!(section.contains("id=\"c-id\" tabindex=\"-1\">primes/data-parallel/par-iter/w2<"), "{section}");
    assert!(section.contains("crossover repro primes/data-parallel/par-iter/w2"));
    assert_eq!(section.matches("<circle").count(), 16);
    assert_eq!(section.matches("<line class=\"fo\"").count(), 16);
    assert!(section.contains("crates/model-data-parallel/src/map_reduce/par_iter.rs at 3755054"));
    assert!(section.contains("62 lines, 0 unsafe; with what it uses in its crate 340 lines, 2 unsafe"));
    let data = data(&run);
    let cells = data["c"].as_object().expect("cells");
    let measured = run.cells.iter().filter(|cell| cell.status == results::CellStatus::Measured);
    assert_eq!(cells.len(), measured.count());
    let (texts, one) = (&data["t"], &cells["primes/async/spawn/w2"]);
    let text = |at: usize| texts[one[at].as_u64().unwrap() as usize].as_str().unwrap();
    assert_eq!(one[0], "5.13 ms");
    assert_eq!(text(2), "Against data-parallel/par-iter: 1.03× slower [1.01, 1.05], inside the band.");
    assert_eq!(text(5), "Send + Sync");
    assert_eq!(one[1].as_str().unwrap().split(',').count(), 16);
    assert_eq!(data["g"][0][0], "data-parallel/par-iter");
    assert_eq!(data["g"][0][2].as_str().unwrap().split(',').nth(4), Some("31"));
}

#[test]
fn loud_rounds_are_hollow() {
    let mut run = everything();
    run.groups[0].loud = vec![5, 9];
    let page = html(&run);
    let section = between(&page, "<section id=\"cell\">", "</section>");
    assert_eq!(section.matches("class=\"mk ho\"").count(), 2);
    assert_eq!(section.matches("class=\"fo fd\"").count(), 2);
    assert!(section.contains("16 samples; 2 loud rounds in the group"));
}

#[test]
fn a_file_without_samples_says_so() {
    let mut run = everything();
    for cell in &mut run.cells {
        (cell.samples, cell.demands, cell.source) = (Vec::new(), Vec::new(), None);
    }
    for group in &mut run.groups {
        (group.foreign, group.pattern, group.about) = (Vec::new(), String::new(), String::new());
    }
    let page = html(&run);
    let section = between(&page, "<section id=\"cell\">", "</section>");
    assert!(section.contains("This file holds no samples of single rounds."));
    assert_eq!(section.matches("not recorded").count(), 3, "demands, lines, source");
    assert!(!section.contains("<circle"));
}

#[test]
fn a_command_is_quoted_for_the_shell() {
    let mut run = empty();
    group(&mut run, "it's/w2", "threads/a b", &[], 5.0);
    let quoted = r"crossover repro 'it'\''s/threads/a b/w2'";
    assert!(page(&run).replace("&#39;", "'").contains(quoted));
    assert_eq!(data(&run)["c"]["it's/threads/a b/w2"][9], quoted);
    assert_eq!(data(&everything())["c"]["primes/threads/static/w2"].as_array().unwrap().len(), 9, "as its ID says");
}

#[test]
fn a_model_that_nobody_knows_has_a_sign_of_its_own() {
    let mut run = empty();
    group(&mut run, "primes/w2", "python3.13/<b>", &[], 5.0);
    run.cells.push(absent("primes/w2", "my own/one", results::CellStatus::Failed, "died"));
    run.cells.push(cell("primes/w2", "threads/static", 6.0));
    let page = page(&run);
    assert!(page.contains("<li class=\"m-x\" data-m=\"x\"><span><i class=\"g\"></i>python3.13</span></li>"));
    assert!(page.contains("python3.13/&lt;b&gt;") && !page.contains("/<b>"));
}

#[test]
fn the_script_is_small_fetches_nothing_and_computes_no_verdict() {
    let script = include_str!("../../src/html/page.js");
    assert!(script.len() <= 15_000, "{} bytes", script.len());
    for word in ["http", "fetch", "import", "eval", "XMLHttp", "WebSocket", "new Function", "</", "slower", "faster"] {
        let found = script.contains(word) && !(word == "</" && script.matches("</").count() == allowed(script));
        assert!(!found, "{word}");
    }
    assert!(html(&forty()).contains("default-src 'none';style-src 'unsafe-inline';script-src 'unsafe-inline'"));
}

/// End tags in the script, none of which ends the script itself.
fn allowed(script: &str) -> usize {
    script.split("</").skip(1).filter(|rest| !rest.to_lowercase().starts_with("script")).count()
}

#[test]
fn distrust_shows_on_the_whole_page() {
    let mut run = vouched();
    run.trust.trusted = Some(false);
    assert!(html(&run).contains("<body class=\"untrusted\""));
    assert!(!html(&vouched()).contains("<body class=\"untrusted\""));
}
