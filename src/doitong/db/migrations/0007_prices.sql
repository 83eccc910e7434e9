-- what films cost, where an operator has set it: a row for each change, the newest of a quality holds
-- depends: 0004_dashboard

-- migrate: apply

CREATE TABLE price (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    quality text NOT NULL,
    base_credits bigint NOT NULL CHECK (base_credits > 0),
    credits_per_second bigint NOT NULL CHECK (credits_per_second >= 0),
    reason text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX price_by_quality ON price (quality, id DESC);
CREATE TRIGGER price_append_only BEFORE UPDATE OR DELETE ON price
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER price_no_truncate BEFORE TRUNCATE ON price
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- migrate: rollback

DROP TABLE price;
