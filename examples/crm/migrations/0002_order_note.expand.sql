-- Rows of the version before, which does not know the column, get the default.
ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT '';
