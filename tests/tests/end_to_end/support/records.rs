//! Records that no two people share, made without the parser that is under test.

/// What a scanner of the SC-330's kind sends for the person with number `person`: complete, consistent, with its checksum.
/// The weight tells people apart: 60.0 kg plus a tenth for each number.
pub fn record(person: u32) -> Vec<u8> {
    let tenths = 600 + person;
    let (fat, bone) = (tenths / 5, 30);
    let (lean, weight) = (tenths - fat, tenths);
    let body = format!(
        "{{0,16,~0,1,~1,1,~2,1,MO,\"SC-330\",SN,\"00000001\",ID,\"{person:010}\",Da,\"25/09/2025\",TI,\"{:02}:{:02}\",Bt,0,GE,1,AG,34,\
         Hm,175.0,Pt,0.0,Wk,{},FW,{},fW,{},MW,{},mW,{},bW,{},",
        person / 60 % 24,
        person % 60,
        decimal(weight),
        decimal((fat * 1000 + weight / 2) / weight),
        decimal(fat),
        decimal(lean),
        decimal(lean - bone),
        decimal(bone),
    );
    let sum = body.bytes().fold(0_u8, u8::wrapping_add);
    format!("{body}CS,{sum:02X}\r\n").into_bytes()
}

/// The weight of [`record`], as it stands in the hub.
pub fn weight(person: u32) -> String {
    decimal(600 + person)
}

fn decimal(tenths: u32) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}
