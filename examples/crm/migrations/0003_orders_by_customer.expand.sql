-- Built while the table is read and written. Such a file holds this one statement.
-- mainstay: no-transaction
-- mainstay: statement-timeout 30m
CREATE INDEX CONCURRENTLY orders_by_customer ON orders (customer_id);
