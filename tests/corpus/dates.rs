//! chrono.

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc, Weekday,
};

crate::pairs! {
    fn days_between(a: &str, b: &str) -> Result<i64, chrono::ParseError> {
        let a = NaiveDate::parse_from_str(a, "%Y-%m-%d")?;
        let b: NaiveDate = b.parse()?;
        Ok((b - a).num_days())
    }
    with ("2024-01-01", "2024-03-01"), ("x", "2024-03-01"), ("2024-01-01", "");

    fn next_working_day(mut day: NaiveDate) -> NaiveDate {
        loop {
            day = day.succ_opt().expect("not the end of time");
            if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) { return day; }
        }
    }
    with (NaiveDate::from_ymd_opt(2024, 5, 3).unwrap());

    fn deadline(start: NaiveDate, working_days: u32) -> String {
        let mut day = start;
        for _ in 0..working_days { day = next_working_day(day); }
        day.format("%a %d %b %Y").to_string()
    }
    with (NaiveDate::from_ymd_opt(2024, 2, 28).unwrap(), 3), (NaiveDate::MIN, 0);

    fn leap_years(from: i32, to: i32) -> Vec<i32> { (from..=to).filter(|&y| NaiveDate::from_ymd_opt(y, 2, 29).is_some()).collect() }
    with (1999, 2009), (2001, 2003);

    fn age(born: NaiveDate, on: NaiveDate) -> Option<u32> { on.years_since(born) }
    with (NaiveDate::from_ymd_opt(2000, 6, 1).unwrap(), NaiveDate::from_ymd_opt(2024, 5, 31).unwrap()), (NaiveDate::MAX, NaiveDate::MIN);

    fn calendar(year: i32, month: u32) -> Option<Vec<String>> {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        let last = first.checked_add_months(Months::new(1))?.pred_opt()?;
        let mut weeks = vec!["   ".repeat(first.weekday().num_days_from_monday() as usize)];
        for day in first.iter_days().take_while(|d| *d <= last) {
            if day.weekday() == Weekday::Mon && day != first { weeks.push(String::new()); }
            weeks.last_mut()?.push_str(&format!("{:>3}", day.day()));
        }
        Some(weeks)
    }
    with (2024, 2), (2024, 13);

    fn parse_stamp(text: &str) -> Option<(i64, u32)> {
        let stamp = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
        Some((stamp.timestamp(), stamp.hour() * 60 + stamp.minute()))
    }
    with ("2024-05-01T12:30:00+02:00"), ("no");

    fn humanize(delta: TimeDelta) -> String {
        let (days, hours, minutes) = (delta.num_days(), delta.num_hours() % 24, delta.num_minutes() % 60);
        let mut parts = Vec::new();
        for (n, unit) in [(days, "d"), (hours, "h"), (minutes, "m")] { if n != 0 { parts.push(format!("{n}{unit}")) } }
        if parts.is_empty() { "now".to_string() } else { parts.join(" ") }
    }
    with (TimeDelta::minutes(1501)), (TimeDelta::zero()), (TimeDelta::hours(-3));

    fn slots(open: &str, close: &str, minutes: i64) -> Result<Vec<NaiveTime>, String> {
        let parse = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").map_err(|e| format!("{text}: {e}"));
        let (mut at, close) = (parse(open)?, parse(close)?);
        let mut all = vec![];
        while at < close { all.push(at); at += TimeDelta::minutes(minutes); if all.len() > 50 { break } }
        Ok(all)
    }
    with ("09:00", "10:30", 30), ("x", "10:00", 1), ("09:00", "9:60", 5);

    fn last_days(of: NaiveDateTime) -> Vec<String> {
        (0..3).rev().filter_map(|n| of.checked_sub_days(Days::new(n))).map(|d| d.date().to_string()).collect()
    }
    with (NaiveDate::from_ymd_opt(2024, 3, 1).unwrap().and_hms_opt(1, 2, 3).unwrap());
}
