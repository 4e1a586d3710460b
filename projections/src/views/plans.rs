//! The plan of every query: none walks a table whose size grows with the ledger.

use super::sql;
use crate::schema;
use std::fmt::Write;

#[test]
fn every_query_has_a_plan_for_a_large_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let connection = schema::open_writer(&dir.path().join("views.db")).unwrap();
    connection.execute_batch(schema::TABLES).unwrap();
    connection.execute_batch(crate::duty::TABLE).unwrap();
    connection.execute_batch(crate::names::TABLES).unwrap();
    connection.execute_batch(&schema::indexes()).unwrap();
    let mut plans = String::new();
    for (name, query) in sql::ALL {
        writeln!(plans, "{name}").unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        for parameter in 1..=statement.parameter_count() {
            statement.raw_bind_parameter(parameter, 1).unwrap();
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            writeln!(plans, "    {step}").unwrap();
            // The shelves are as many as areas times statuses; the parked subjects are none, as a rule, and the reactions
            // listed are those to come.
            // `a` and `areas` are the areas met so far by the recursion, `k` the keys of a page, and so are subqueries: their own
            // steps are told apart from them.
            let grows = step.starts_with("SCAN")
                && !step.starts_with("SCAN (subquery")
                && !["SCAN a", "SCAN areas", "SCAN k"].contains(&step.as_str())
                && !["shelves", "parked", "reactions", "g VIRTUAL"].iter().any(|t| step.contains(t));
            assert!(!grows, "{name}: {step}");
        }
    }
    insta::assert_snapshot!(plans);
}
