//! Members.

use serde_json::json;

use crate::support::{TestHub, walk_up};

#[tokio::test]
async fn a_member_is_added_found_and_edited() {
    let hub = TestHub::start().await;
    let manager = hub.caller("k3x9", "user_management").await;
    let added = manager
        .post(
            "/members",
            r#"{"email":"Jo@Example.org","firstname":"Jo","dateofbirth":"1990-02-28","height":180.0}"#,
        )
        .await;
    assert_eq!((added.status, added.header("location")), (201, "/rest/v2.10/members/1"));
    assert_eq!(added.json()["facility"], 1);
    let found = manager
        .get("/members?email=jo@example.org&fields=id,email,height,dateofbirth")
        .await;
    assert_eq!(
        found.body,
        r#"[{"id":1,"email":"jo@example.org","height":180.0,"dateofbirth":"1990-02-28"}]"#
    );
    let edited = manager
        .put("/members/1?fields=firstname,lastname", r#"{"lastname":"Smith"}"#)
        .await;
    assert_eq!(edited.body, r#"{"firstname":"Jo","lastname":"Smith"}"#);
    let twice = manager.post("/members", r#"{"email":"jo@example.ORG"}"#).await;
    assert_eq!(
        (twice.code().as_str(), &twice.json()["details"]),
        ("duplicate_member", &json!({"existing": 1}))
    );
    for (body, field) in [
        (r#"{"firstname":"x"}"#, "email"),
        (r#"{"email":"nobody"}"#, "email"),
        (r#"{"externalid":"2","gender":"yes"}"#, "gender"),
        (r#"{"externalid":"2","dateofbirth":"1990-02-30"}"#, "dateofbirth"),
    ] {
        let refused = manager.post("/members", body).await;
        assert_eq!(
            (refused.status, &refused.json()["field"]),
            (422, &json!(field)),
            "{body}"
        );
    }
    assert_eq!(manager.get("/members/me").await.status, 404);
    let changed_id = manager.put("/members/1", r#"{"id":2}"#).await;
    assert_eq!(changed_id.code(), "read_only_field");
    assert_eq!(
        manager.put("/members/1", r#"{"id":1,"firstname":"Jo"}"#).await.status,
        200
    );
}

#[tokio::test]
async fn a_members_readings_are_listed_and_added_under_the_member() {
    let hub = TestHub::start().await;
    let manager = hub.caller("k3x9", "user_management").await;
    for key in ["1", "2"] {
        manager.post("/members", &json!({"externalid": key}).to_string()).await;
    }
    let bridge = hub.bridge().await;
    let performer = bridge.performer("a/bay-1").await;
    let added = bridge
        .post(
            "/members/2/readings?fields=member,assignment",
            &walk_up("e-1", performer).to_string(),
        )
        .await;
    assert_eq!(added.body, r#"{"member":2,"assignment":"assigned"}"#);
    assert_eq!(
        bridge.get("/members/2/readings?fields=externalid").await.body,
        r#"[{"externalid":"e-1"}]"#
    );
    assert_eq!(bridge.get("/members/1/readings").await.body, "[]");
    assert_eq!(manager.get("/members/2/lastreading").await.body, "1");
}
