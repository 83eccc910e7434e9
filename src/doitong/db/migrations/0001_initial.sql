-- the first schema
-- depends:

-- migrate: apply

-- accounts ------------------------------------------------------------------------------------------------
CREATE TABLE account (
    id text PRIMARY KEY,
    name text NOT NULL,
    email text,
    plan text NOT NULL,
    limits jsonb NOT NULL DEFAULT '{}',
    language text NOT NULL DEFAULT 'en',
    signing_secret text NOT NULL,
    previous_signing_secret text,
    previous_secret_until timestamptz,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

CREATE INDEX account_by_name ON account (name);

CREATE TABLE installation (
    name text PRIMARY KEY,
    value text NOT NULL
);

-- keys ----------------------------------------------------------------------------------------------------
CREATE TABLE api_key (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    prefix text NOT NULL UNIQUE,
    digest bytea NOT NULL UNIQUE,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_key_by_account ON api_key (account_id, id DESC);

-- plans: one row of counters an account, locked first in every use case that changes them --------------------
CREATE TABLE account_usage (
    account_id text PRIMARY KEY REFERENCES account,
    window_end_second bigint NOT NULL DEFAULT 0,
    window_counts integer[] NOT NULL DEFAULT '{}',
    day date NOT NULL DEFAULT '2000-01-01',
    day_count integer NOT NULL DEFAULT 0 CHECK (day_count >= 0),
    slots_used integer NOT NULL DEFAULT 0 CHECK (slots_used >= 0),
    ready integer NOT NULL DEFAULT 0 CHECK (ready BETWEEN 0 AND slots_used),
    backlog integer NOT NULL DEFAULT 0 CHECK (backlog >= 0),
    virtual_time bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX account_usage_ready ON account_usage (virtual_time) WHERE ready > 0;

-- the virtual time of the last start; a sequence because it is read and set without a lock
CREATE SEQUENCE virtual_clock MINVALUE 0 START 0;

-- ledger --------------------------------------------------------------------------------------------------
CREATE TABLE ledger_balance (
    account_id text PRIMARY KEY REFERENCES account,
    available bigint NOT NULL DEFAULT 0 CHECK (available >= 0),
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0)
) WITH (fillfactor = 50);

CREATE TABLE ledger_transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    kind text NOT NULL CHECK (kind IN ('grant', 'hold', 'capture', 'release', 'expire', 'refund', 'adjustment')),
    amount bigint NOT NULL CHECK (amount > 0),
    generation_id text,
    reason text,
    actor text,
    available_after bigint NOT NULL,
    held_after bigint NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ledger_transfer_by_account ON ledger_transfer (account_id, id DESC);

-- a transfer moves one amount between two ledger accounts: its two entries always sum to zero
CREATE TABLE ledger_entry (
    transfer_id bigint NOT NULL REFERENCES ledger_transfer,
    ledger_account text NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (transfer_id, ledger_account)
);

CREATE TABLE hold (
    generation_id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    amount bigint NOT NULL CHECK (amount > 0),
    captured bigint NOT NULL DEFAULT 0 CHECK (captured >= 0 AND captured <= amount),
    refunded bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= captured),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'captured', 'released', 'expired')),
    created_at timestamptz NOT NULL,
    resolved_at timestamptz
);
CREATE INDEX hold_open ON hold (account_id) WHERE state = 'open';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER ledger_transfer_append_only BEFORE UPDATE OR DELETE ON ledger_transfer
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_transfer_no_truncate BEFORE TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- idempotency ---------------------------------------------------------------------------------------------
CREATE TABLE idempotency (
    account_id text NOT NULL REFERENCES account,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    generation_id text NOT NULL,
    answer jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- quotes --------------------------------------------------------------------------------------------------
CREATE TABLE quote (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    terms jsonb NOT NULL,
    credits integer NOT NULL CHECK (credits > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

-- uploads -------------------------------------------------------------------------------------------------
CREATE TABLE upload (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    media_type text NOT NULL,
    bytes bigint NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    sha256 text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX upload_by_account ON upload (account_id, id DESC);

-- generations: the row is the truth ---------------------------------------------------------------------------
CREATE TABLE generation (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    key_prefix text,
    kind text NOT NULL,
    service text NOT NULL,
    prompt text NOT NULL,
    parameters jsonb NOT NULL,
    webhook_url text,
    credit_cost integer NOT NULL CHECK (credit_cost >= 0),
    status text NOT NULL CHECK (status IN ('processing', 'completed', 'failed', 'canceled')),
    stage text NOT NULL CHECK (stage IN ('queued', 'submitting', 'rendering', 'storing', 'unknown', 'ended')),
    progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    holds_slot boolean NOT NULL DEFAULT false,
    lane text NOT NULL CHECK (lane IN ('render', 'submit')),
    engine text NOT NULL,
    engine_task_id text,
    attempt integer NOT NULL DEFAULT 0,
    fence bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    due_at timestamptz,
    metadata jsonb NOT NULL DEFAULT '{}',
    error_code text,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    completed_at timestamptz,
    deadline_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX generation_by_account ON generation (account_id, id DESC);
CREATE INDEX generation_waiting ON generation (account_id, id) WHERE status = 'processing' AND NOT holds_slot;
CREATE INDEX generation_ready ON generation (lane, account_id, id)
    WHERE status = 'processing' AND holds_slot AND stage = 'queued';
CREATE INDEX generation_open ON generation (id) WHERE status = 'processing';
CREATE INDEX generation_to_poll ON generation (due_at) WHERE stage = 'rendering' AND lane = 'submit';

-- webhooks ------------------------------------------------------------------------------------------------
CREATE TABLE endpoint (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    url text NOT NULL,
    description text NOT NULL DEFAULT '',
    events text[] NOT NULL,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    disabled_reason text,
    failing_since timestamptz,
    deleted_at timestamptz
);
CREATE INDEX endpoint_by_account ON endpoint (account_id, id);

CREATE TABLE event (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    type text NOT NULL,
    generation_id text,
    body text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX event_by_account ON event (account_id, id DESC);
CREATE INDEX event_by_generation ON event (generation_id);

CREATE TABLE delivery (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    event_id text NOT NULL REFERENCES event,
    endpoint_id text REFERENCES endpoint,
    url text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    fence bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    due_at timestamptz,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    failure text
) WITH (fillfactor = 80);
CREATE INDEX delivery_by_account ON delivery (account_id, id DESC);
CREATE INDEX delivery_by_endpoint ON delivery (endpoint_id, id DESC) WHERE endpoint_id IS NOT NULL;
CREATE INDEX delivery_by_event ON delivery (event_id);
CREATE INDEX delivery_due ON delivery (due_at) WHERE state = 'pending';

CREATE TABLE delivery_attempt (
    delivery_id text NOT NULL REFERENCES delivery,
    number integer NOT NULL,
    started_at timestamptz NOT NULL,
    duration_ms integer NOT NULL,
    status integer,
    error text,
    response text,
    PRIMARY KEY (delivery_id, number)
);

-- migrate: rollback
