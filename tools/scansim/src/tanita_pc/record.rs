//! What the device sends as a result: values that fit each other, computed from the weight and the person's data.

use super::device::Data;
use super::model::PcModel;

/// Everything in tenths of its unit.
struct Values {
    weight: u32,
    height: u32,
    fat: u32,
    fat_free: u32,
    bone: u32,
    muscle: u32,
    water: u32,
    bmi: u32,
}

impl Values {
    fn of(weight: u32, height: u32) -> Self {
        let fat = weight / 5;
        let fat_free = weight - fat;
        let bone = fat_free / 20;
        // Tenths of kg/m²: (w/10) / (h/1000)² · 10.
        let bmi = u64::from(weight) * 1_000_000 / u64::from(height.max(1)).pow(2);
        Self {
            weight,
            height,
            fat,
            fat_free,
            bone,
            muscle: fat_free - bone,
            water: fat_free * 73 / 100,
            bmi: u32::try_from(bmi).unwrap_or(0),
        }
    }

    fn fat_percent(&self) -> u32 {
        self.fat * 1000 / self.weight.max(1)
    }
}

/// The line of a result without its line end. `minute` is the minute since midnight on the device's clock, which was never set.
pub(super) fn line(model: PcModel, data: &Data, weight: u32, minute: u64) -> String {
    let time = format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    let values = Values::of(weight, data.height());
    match model {
        PcModel::Bc418 => positional(data, &values, &time),
        _ => tagged(model, data, &values, &time),
    }
}

fn tagged(model: PcModel, data: &Data, v: &Values, time: &str) -> String {
    let number = match model {
        PcModel::Dc320 | PcModel::Dc430 => format!("{:0>10}", data.number()),
        _ => format!("{:0>16}", data.number()),
    };
    let body = format!(
        "{{0,16,~0,1,~1,1,~2,1,MO,\"{model}\",ID,\"{number}\",St,0,Da,\"01/01/2009\",TI,\"{time}\",Bt,{},GE,{},AG,{},Hm,{},Pt,{},Wk,{},\
         FW,{},fW,{},MW,{},mW,{},bW,{},wW,{},MI,{},",
        data.body_type(),
        data.sex(),
        data.age(),
        tenths(v.height),
        tenths(data.clothes()),
        tenths(v.weight),
        tenths(v.fat_percent()),
        tenths(v.fat),
        tenths(v.fat_free),
        tenths(v.muscle),
        tenths(v.bone),
        tenths(v.water),
        tenths(v.bmi),
    );
    let sum = body.bytes().fold(0_u8, u8::wrapping_add);
    format!("{body}CS,{sum:02X}")
}

/// The 38 fields of a BC-418.
fn positional(data: &Data, v: &Values, time: &str) -> String {
    let mut fields = vec![
        "\"01/01/09\"".to_owned(),
        format!("\"{time}\""),
        data.body_type(),
        data.sex(),
        (v.height / 10).to_string(),
        tenths(v.weight),
        tenths(v.fat_percent()),
        tenths(v.fat),
        tenths(v.fat_free),
        tenths(v.water),
        data.age(),
        tenths(v.bmi),
        "7000".to_owned(),
        "550".to_owned(),
    ];
    fields.extend(["230", "235", "320", "325"].map(str::to_owned));
    // Right leg, left leg, right arm, left arm, trunk: shares of the whole in per cent, 100 in all.
    for share in [17, 17, 6, 6, 54] {
        let fat = v.fat * share / 100;
        let fat_free = v.fat_free * share / 100;
        fields.extend([
            tenths(fat * 1000 / (fat + fat_free).max(1)),
            tenths(fat),
            tenths(fat_free),
            tenths(fat_free * 95 / 100),
        ]);
    }
    fields.join(",")
}

pub(super) fn tenths(value: u32) -> String {
    format!("{}.{}", value / 10, value % 10)
}
