//! Sheets as CSV: `results.csv` and `replications.csv`. What their columns mean is in [`crate::results::sheet`].

use crate::results::{Results, Sheet};

/// `results.csv`: a row per configuration.
pub fn results(results: &Results) -> Vec<u8> {
    csv(&results.sheet())
}

/// `replications.csv`: a row per configuration and replication.
pub fn replications(results: &Results) -> Vec<u8> {
    csv(&results.replications_sheet())
}

/// Lines end in `\n` on every platform; a value with a comma, a quote or a line break is quoted.
pub fn csv(sheet: &Sheet) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new().from_writer(Vec::new());
    let rows = sheet
        .rows
        .iter()
        .map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
    for record in std::iter::once(sheet.columns.clone()).chain(rows) {
        writer
            .write_record(&record)
            .expect("a sheet's rows are as long as its header, and memory takes any bytes");
    }
    writer.into_inner().expect("memory takes any bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Value, made_up};

    #[test]
    fn commas_quotes_and_line_breaks_survive() {
        let cells = ["plain", "a, b", "say \"hi\"", "two\nlines", ""];
        let sheet = Sheet {
            columns: (0..5).map(|column| format!("c{column}")).collect(),
            rows: vec![cells.map(Value::from).to_vec()],
        };
        let bytes = csv(&sheet);
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            "c0,c1,c2,c3,c4\nplain,\"a, b\",\"say \"\"hi\"\"\",\"two\nlines\",\n"
        );
        let back: Vec<String> = ::csv::Reader::from_reader(&bytes[..])
            .into_records()
            .flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        assert_eq!(back, cells);
    }

    #[test]
    fn results_csv_has_the_promised_columns_in_the_promised_order() {
        let text = String::from_utf8(results(&made_up::echo())).unwrap();
        assert_eq!(
            text.lines().next().unwrap(),
            "scenario,run,executor,start_method,cores,workers,chunksize,python.switch_interval,background.busy.count,\
             status,detail,replications,makespan_s,makespan_ci95_low_s,makespan_ci95_high_s,speedup,speedup_ci95_low,\
             speedup_ci95_high,efficiency,throughput_per_s,latency_mean_s,latency_p50_s,latency_p95_s,latency_p99_s,\
             running,waiting_for_lock,ready_without_core,io,serialization,ipc,starting,idle,parent_busy,\
             parent_waiting_for_lock,switches,peak_memory_bytes,teardown_s,events,critical_path_s,lost_updates,total_s"
        );
        assert_eq!(
            text.lines().nth(3).unwrap(),
            "echo,server,server,,4,1,,0.005,0,done,,1,20,,,,,,,29700,0.00003367,0.00003367,0.00006734,0.00010101,\
             0.287671233,0.575342466,0,0.0410958904,0,0,0,0.095890411,0.1,0.02,1234,120000000,0.002,98765,,,0"
        );
    }
}
