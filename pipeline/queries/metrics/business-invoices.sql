SELECT id, provider, toString(bi_invoices.from_date) AS fromDate, toString(bi_invoices.to_date) AS toDate, invoiced, recorded, difference, ratio, note
FROM bi_invoices WHERE bi_invoices.to_date >= {from:Date} AND bi_invoices.from_date <= {to:Date}
ORDER BY fromDate, provider
