-- Not before every version that writes the reference is gone: contract files are listed, never run by a deployment.
ALTER TABLE orders DROP COLUMN reference;
