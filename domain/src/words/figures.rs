//! How sums and parts are written.

/// A sum of fen in yuan: 1234567 is ¥12,345.67.
#[must_use]
pub fn yuan(fen: i128) -> String {
    let digits = (fen.unsigned_abs() / 100).to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if fen < 0 { "−" } else { "" };
    format!("{sign}¥{grouped}.{:02}", fen.unsigned_abs() % 100)
}

/// A whole number of parts as a decimal without trailing noughts: of 25 tenths, 2.5.
#[must_use]
pub fn decimal(parts: i128, digits: usize) -> String {
    let sign = if parts < 0 { "-" } else { "" };
    let text = format!("{:0width$}", parts.unsigned_abs(), width = digits + 1);
    let (whole, rest) = text.split_at(text.len() - digits);
    match rest.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest}"),
    }
}
