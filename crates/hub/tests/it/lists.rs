//! Lists: default fields, pages, filters.

use serde_json::json;

use crate::support::{TestHub, walk_up};

#[tokio::test]
async fn a_collection_root_answers_an_array_of_objects_with_default_fields_18_5() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    assert_eq!(bridge.get("/readings").await.body, "[]");
    let performer = bridge.performer("a/bay-1").await;
    bridge.post("/readings", &walk_up("e-1", performer).to_string()).await;
    for collection in ["readings", "scanperformers"] {
        assert_eq!(bridge.get(&format!("/{collection}")).await.body, r#"[{"id":1}]"#);
    }
    assert_eq!(bridge.get("/facilities").await.body, r#"[{"id":1}]"#);
}

#[tokio::test]
async fn pages_are_described_in_headers_or_in_an_envelope() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    for n in 0..5 {
        bridge
            .post("/readings", &walk_up(&format!("e-{n}"), performer).to_string())
            .await;
    }
    let page = bridge.get("/readings?pagesize=2&page=2&sort=id&status=complete").await;
    assert_eq!(page.body, r#"[{"id":3},{"id":4}]"#);
    for (name, value) in [("x-total-count", "5"), ("x-page", "2"), ("x-page-size", "2")] {
        assert_eq!(page.header(name), value);
    }
    for rel in ["first", "prev", "next", "last"] {
        assert!(
            page.header("link").contains(&format!("rel=\"{rel}\"")),
            "{}",
            page.header("link")
        );
    }
    assert!(page.header("link").contains("status=complete"));
    assert_eq!(bridge.get("/readings?page=99").await.body, "[]");
    let envelope = bridge.get("/readings?limit=2&envelope=1&sort=id").await.json();
    assert_eq!(
        (&envelope["total"], &envelope["data"]),
        (&json!(5), &json!([{"id": 1}, {"id": 2}]))
    );
    assert!(envelope["next"].as_str().unwrap().contains("page=2"));
}

#[tokio::test]
async fn filters_narrow_and_bad_ones_are_refused() {
    let hub = TestHub::start().await;
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    for (n, weight) in ["79.90", "80.0", "100.1"].into_iter().enumerate() {
        let mut body = walk_up(&format!("e-{n}"), performer);
        body["measurements"] = serde_json::from_str(&format!(r#"{{"bodyweight":{weight}}}"#)).unwrap();
        body["date"] = json!(format!("2025-0{}-01T00:00:00Z", n + 1));
        bridge.post("/readings", &body.to_string()).await;
    }
    for (filter, expected) in [
        ("externalid=e-1", "[2]"),
        ("externalid__in=e-0,e-2", "[1,3]"),
        ("date__gte=2025-02-01", "[2,3]"),
        ("date__gte=2025-02-01&date__lt=2025-03-01", "[2]"),
        ("measurements.bodyweight__gte=80", "[2,3]"),
        ("status__ne=complete", "[]"),
        ("member__isnull=1&scanperformer=1", "[1,2,3]"),
        ("externalid__like=e-%25", "[1,2,3]"),
        ("updated__gte=2025-01-01T00:00:00%2B01:00", "[1,2,3]"),
        ("assignment=unassigned&facility=1", "[1,2,3]"),
    ] {
        let found = bridge.get(&format!("/readings?sort=id&{filter}")).await.json();
        let ids: Vec<_> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|entity| entity["id"].clone())
            .collect();
        assert_eq!(json!(ids).to_string(), expected, "{filter}");
    }
    for (bad, code) in [
        ("colour=red", "invalid_filter"),
        ("date__gte=soon", "invalid_filter"),
        ("sort=colour", "invalid_filter"),
        ("fields=colour", "unknown_field"),
        ("page=0", "invalid_request"),
    ] {
        assert_eq!(bridge.get(&format!("/readings?{bad}")).await.code(), code, "{bad}");
    }
}
