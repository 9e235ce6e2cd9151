# Compares a ledger that "commerce ledger" or payments.WriteLedger wrote with
# the file of payments that it came from, by order and type of payment.
#
#   awk -f testdata/olist.awk ledger.csv payments.csv
BEGIN { FS = "," }
FNR == 1 { file++; next }
file == 1 && $5 ~ /^provider:/ && $2 != "" {
	kind = substr($5, 10)
	if (kind == "gift_card") kind = "voucher"
	ledger[$2 " " kind] += $7
	n[kind]++; sum[kind] += $7; total += $7
}
file == 1 { trial += $7 }
file == 2 {
	cents = sprintf("%.0f", $5 * 100)
	rows[$3]++
	if (cents == 0) { zero[$3]++; next }
	paid[$1 " " $3] += cents
}
END {
	for (k in paid) if (paid[k] != ledger[k]) { print "differs: " k ", " paid[k] " in the file, " ledger[k] " in the ledger"; bad++ }
	for (k in ledger) if (!(k in paid)) { print "only in the ledger: " k; bad++ }
	for (k in rows) printf "%s: %d rows, %d of nothing, %d captures, %.2f BRL\n", k, rows[k], zero[k], n[k], sum[k] / 100
	printf "total %.2f BRL, trial balance %d, %d differences\n", total / 100, trial, bad
	exit bad > 0 || trial != 0
}
