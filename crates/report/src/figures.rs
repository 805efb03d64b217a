//! Numbers as people read them: ratios, intervals, durations, bytes, shares and counts, each with one rule of precision.

/// What stands where a number does not exist.
pub(crate) const NONE: &str = "–";

/// A ratio: below 2 two decimals, below 10 one, below 100 none, above two significant digits.
pub(crate) fn ratio(x: f64) -> String {
    ratio_with(x, 0)
}

/// The rule of [`ratio`] with `extra` more digits. Limits lie where rounding would cross them, so 1.996 is "2.0".
fn ratio_with(x: f64, extra: usize) -> String {
    if !x.is_finite() {
        return NONE.to_owned();
    }
    let size = x.abs();
    if size < 0.0995 && size > 0.0 {
        let leading_zeros = (-size.log10()).floor().clamp(0.0, 12.0) as usize;
        format!("{x:.*}", leading_zeros + 2 + extra)
    } else if size < 1.995 {
        format!("{x:.*}", 2 + extra)
    } else if size < 9.95 {
        format!("{x:.*}", 1 + extra)
    } else if size < 99.5 {
        format!("{x:.*}", extra)
    } else {
        let step = 10f64.powi(size.log10().floor() as i32 - 1 - extra as i32).max(1.0);
        count((x / step).round() * step)
    }
}

/// A round value of an axis: whole, or one over something whole.
pub(crate) fn fraction(x: f64) -> String {
    let inverse = x.recip();
    match x {
        0.5 => "½".to_owned(),
        0.25 => "¼".to_owned(),
        0.125 => "⅛".to_owned(),
        _ if x < 0.995 && (inverse - inverse.round()).abs() < 1e-6 * inverse => format!("1/{}", count(inverse.round())),
        _ if x < 100.0 => format!("{}", (x * 1e6).round() / 1e6),
        _ => count(x),
    }
}

/// Both ends of an interval. Ends that would look alike, or like exactly 1, get one digit more: `[1.00, 1.04]` would
/// deny the separation that it proves.
pub(crate) fn ends(lo: f64, hi: f64) -> (String, String) {
    let alike = ratio(lo) == ratio(hi);
    let end = |x: f64| {
        let at_one = ratio(x) == "1.00" && (x - 1.0).abs() > 1e-9;
        ratio_with(x, usize::from(alike || at_one))
    };
    (end(lo), end(hi))
}

/// `[1.04, 1.07]`, or nothing where an end is missing.
pub(crate) fn interval(lo: Option<f64>, hi: Option<f64>) -> Option<String> {
    let (lo, hi) = (finite(lo)?, finite(hi)?);
    let (lo, hi) = ends(lo, hi);
    Some(format!("[{lo}, {hi}]"))
}

/// Drops what is not a number.
pub(crate) fn finite(x: Option<f64>) -> Option<f64> {
    x.filter(|x| x.is_finite())
}

/// Thousands are set apart by commas: `55,088`.
pub(crate) fn count(x: f64) -> String {
    if !x.is_finite() {
        return NONE.to_owned();
    }
    let digits = format!("{:.0}", x.abs());
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if x < 0.0 && digits != "0" { format!("-{out}") } else { out }
}

/// A share as `0.8 %`, `62 %`.
pub(crate) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NONE.to_owned();
    }
    let percent = share * 100.0;
    let whole = percent.abs() >= 9.95 || percent.fract().abs() < 1e-9;
    format!("{percent:.*} %", usize::from(!whole))
}

/// A difference from 1 as `+4.9 %`.
pub(crate) fn change(ratio: f64) -> String {
    if ratio.is_finite() { format!("{} %", signed(ratio)) } else { NONE.to_owned() }
}

/// A difference that was built in, as `+5 %`.
pub(crate) fn built_in(ratio: f64) -> String {
    change(ratio).replace(".0 %", " %")
}

/// The interval of a difference, in per cent: `[+4.1, +5.8]`; nothing where an end is missing.
pub(crate) fn change_interval(lo: f64, hi: f64) -> String {
    if lo.is_finite() && hi.is_finite() { format!("[{}, {}]", signed(lo), signed(hi)) } else { String::new() }
}

/// Per cent by which a ratio differs from 1, always with its sign; nothing is "-0.0".
fn signed(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    match percent.abs() {
        size if size < 0.05 => "0.0".to_owned(),
        size if size < 99.95 => format!("{percent:+.1}"),
        _ if percent < 0.0 => count(percent),
        _ => format!("+{}", count(percent)),
    }
}

/// Three significant digits, the precision of everything that has a unit.
fn three_digits(x: f64) -> String {
    let size = x.abs();
    if size < 9.995 {
        format!("{x:.2}")
    } else if size < 99.95 {
        format!("{x:.1}")
    } else {
        count(x)
    }
}

/// The largest unit that leaves at least 1 before the point.
fn scaled(x: f64, base: f64, units: &[&str]) -> String {
    if !x.is_finite() {
        return NONE.to_owned();
    }
    let mut x = x;
    let mut at = 0;
    // 0.5 below the base, because 999.7 is printed as 1,000.
    while x.abs() >= base - 0.5 && at + 1 < units.len() {
        x /= base;
        at += 1;
    }
    // A count of the smallest unit has no decimals.
    let number = if at == 0 && x.fract() == 0.0 { count(x) } else { three_digits(x) };
    format!("{number} {}", units[at])
}

/// Nanoseconds as `1.54 ms`.
pub(crate) fn duration(ns: f64) -> String {
    scaled(ns, 1000.0, &["ns", "µs", "ms", "s"])
}

/// Unit in which a time of so many nanoseconds is shown, and how many nanoseconds that is.
fn unit(ns: f64) -> (f64, &'static str) {
    // A half below, because 999.7 is printed as 1,000.
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    units.into_iter().find(|(base, _)| ns.abs() >= base * 0.9995).unwrap_or((1.0, "ns"))
}

/// Nanoseconds with the digits that an estimate has: `60 ns`, `1.23 µs`.
pub(crate) fn time(ns: f64) -> String {
    if !ns.is_finite() {
        return NONE.to_owned();
    }
    let (base, unit) = unit(ns);
    format!("{} {unit}", ratio(ns / base))
}

/// The interval of a time in its unit: `[50, 71]`, `[50, open]`.
pub(crate) fn time_interval(ns: f64, lo: Option<f64>, hi: Option<f64>) -> String {
    let (base, _) = unit(ns);
    let plain = |end: Option<f64>| end.map(|end| ratio(end / base));
    let extra = usize::from(plain(lo) == plain(hi));
    let end = |end: Option<f64>| end.map_or_else(|| "open".to_owned(), |end| ratio_with(end / base, extra));
    format!("[{}, {}]", end(lo), end(hi))
}

/// Bytes as `13.9 KiB`.
pub(crate) fn bytes(bytes: f64) -> String {
    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"])
}

/// A value as its knob has it: whole where it is whole.
pub(crate) fn exact(value: f64, unit: &str) -> String {
    let whole = value.fract() == 0.0;
    match unit {
        "bytes" => {
            let shown = bytes(value);
            shown.replace(".00 ", " ").replace(".0 ", " ")
        }
        _ if whole => count(value),
        _ => format!("{}", (value * 1e4).round() / 1e4),
    }
}

/// A value in the unit that ends the name of its metric; what has none is a count or a plain ratio.
pub(crate) fn value(metric: &str, x: f64) -> String {
    if metric.ends_with("_ns") {
        duration(x)
    } else if metric.ends_with("_bytes") {
        bytes(x)
    } else if !x.is_finite() {
        NONE.to_owned()
    } else if x.fract() == 0.0 && x.abs() >= 2.0 {
        count(x)
    } else if x == 0.0 {
        "0".to_owned()
    } else {
        three_digits(x)
    }
}

/// How long a run took: `46 min 50 s`.
pub(crate) fn wall(ns: u64) -> String {
    match split(ns) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// The same for a single line: `46m50s`.
pub(crate) fn wall_short(ns: u64) -> String {
    match split(ns) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

/// Hours, minutes, seconds.
fn split(ns: u64) -> (u64, u64, u64) {
    let seconds = ns.saturating_add(500_000_000) / 1_000_000_000;
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A number of CPUs: whole where it is whole, with what a quota leaves where it is not.
pub(crate) fn cpus(n: f64) -> String {
    if !n.is_finite() || n <= 0.0 {
        return "CPUs unknown".to_owned();
    }
    let number = fractional(n);
    if number == "1" { "1 CPU".to_owned() } else { format!("{number} CPUs") }
}

/// `2`, `1.5`, `0.75`.
pub(crate) fn fractional(n: f64) -> String {
    if (n - n.round()).abs() < 0.005 {
        return count(n.round());
    }
    format!("{n:.2}").trim_end_matches('0').to_owned()
}

/// `1 round`, `7 rounds`.
pub(crate) fn plural(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", count(n as f64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_follow_the_rule_of_precision() {
        let shown: Vec<String> =
            [0.0123, 0.53, 1.0, 1.064, 1.996, 9.12, 9.96, 45.2, 99.6, 312.0, 1_349.0].into_iter().map(ratio).collect();
        assert_eq!(shown, ["0.012", "0.53", "1.00", "1.06", "2.0", "9.1", "10", "45", "100", "310", "1,300"]);
        assert_eq!(ratio(f64::NAN), NONE);
    }

    #[test]
    fn interval_ends_stay_apart() {
        assert_eq!(interval(Some(1.04), Some(1.07)).unwrap(), "[1.04, 1.07]");
        assert_eq!(interval(Some(45.1), Some(45.4)).unwrap(), "[45.1, 45.4]");
        assert_eq!(interval(Some(1.002), Some(1.04)).unwrap(), "[1.002, 1.04]");
        assert_eq!(interval(Some(1.0), None), None);
        assert_eq!(interval(Some(f64::NAN), Some(1.0)), None);
    }

    #[test]
    fn units_are_chosen_by_size() {
        assert_eq!(duration(44.0), "44 ns");
        assert_eq!(duration(1_540_000.0), "1.54 ms");
        assert_eq!(duration(999_900.0), "1.00 ms");
        assert_eq!(duration(12_300_000_000.0), "12.3 s");
        assert_eq!(bytes(471.0), "471 B");
        assert_eq!(bytes(14_234.0), "13.9 KiB");
        assert_eq!(value("efficiency", 0.913), "0.91");
        assert_eq!(percent(0.008), "0.8 %");
        assert_eq!(percent(0.05), "5 %");
        assert_eq!(percent(0.623), "62 %");
        assert_eq!(change(1.049), "+4.9 %");
        assert_eq!(wall(2_810_000_000_000), "46 min 50 s");
        assert_eq!(wall_short(312_000_000_000), "5m12s");
        assert_eq!(count(55_088.0), "55,088");
        assert_eq!(cpus(1.5), "1.5 CPUs");
        assert_eq!(cpus(1.25), "1.25 CPUs");
        assert_eq!(cpus(0.999_9), "1 CPU");
        assert_eq!(value("switches_voluntary", 12.0), "12");
        assert_eq!(value("switches_voluntary", 12.5), "12.5");
    }

    #[test]
    fn times_that_were_estimated_have_their_interval_in_the_same_unit() {
        assert_eq!(
            [51.6, 1_234.0, 999.6, 456_000.0, 2.04].map(time),
            ["52 ns", "1.23 µs", "1.00 µs", "460 µs", "2.0 ns"]
        );
        assert_eq!(time_interval(60.0, Some(49.6), Some(71.2)), "[50, 71]");
        assert_eq!(time_interval(980.0, Some(940.0), Some(1_040.0)), "[940, 1,000]");
        assert_eq!(time_interval(1_000.0, Some(980.0), Some(1_024.0)), "[0.98, 1.02]");
        assert_eq!(time_interval(60.0, Some(60.2), Some(60.4)), "[60.2, 60.4]");
        assert_eq!(time_interval(60.0, Some(49.6), None), "[50, open]");
        assert_eq!(time(f64::NAN), NONE);
    }

    #[test]
    fn differences_carry_their_sign() {
        assert_eq!(built_in(1.05), "+5 %");
        assert_eq!(built_in(1.025), "+2.5 %");
        assert_eq!(change(0.999_9), "0.0 %");
        assert_eq!(change(31.0), "+3,000 %");
        assert_eq!(change_interval(1.041, 1.058), "[+4.1, +5.8]");
        assert_eq!(change_interval(0.969, 1.0), "[-3.1, 0.0]");
        assert_eq!(change_interval(f64::NAN, 1.0), "");
    }
}
