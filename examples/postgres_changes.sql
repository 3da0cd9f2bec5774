-- Each change of a table as a notification, on the channel that has the table's name. For a table
-- `orders` with the key `id`:
--
--     psql shop -f examples/postgres_changes.sql
--
-- It tells which row, not what is in it: a notification has at most 8000 bytes, and a longer one
-- would fail the transaction. It is sent when the transaction is committed, or not at all.

CREATE OR REPLACE FUNCTION notify_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(
        TG_TABLE_NAME,
        json_build_object('change', lower(TG_OP), 'id', coalesce(NEW.id, OLD.id))::text
    );
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER notify_change AFTER INSERT OR UPDATE OR DELETE ON orders
    FOR EACH ROW EXECUTE FUNCTION notify_change();
