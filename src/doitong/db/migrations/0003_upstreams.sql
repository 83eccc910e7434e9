-- engines elsewhere: what was sent and bought there, how they stand, and who was moderated
-- depends: 0002_provenance

-- migrate: apply

-- `pool` counts against one of the engine's own limits; `sent_at` says that this attempt's submission was on its way
ALTER TABLE generation ADD COLUMN pool text, ADD COLUMN sent_at timestamptz;
CREATE INDEX generation_in_pool ON generation (pool)
    WHERE pool IS NOT NULL AND status = 'processing' AND stage IN ('submitting', 'rendering');
CREATE INDEX generation_unknown ON generation (id) WHERE stage = 'unknown';

-- every task that an upstream accepted, and what it cost the operator there
CREATE TABLE engine_task (
    engine text NOT NULL,
    task_id text NOT NULL,
    generation_id text NOT NULL,
    attempt integer NOT NULL,
    accepted_at timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text,
    cost_credits numeric,
    PRIMARY KEY (engine, task_id)
);
CREATE INDEX engine_task_by_generation ON engine_task (generation_id);
CREATE INDEX engine_task_by_age ON engine_task (engine, accepted_at);

-- what an engine said of itself when a worker asked last
CREATE TABLE engine_state (
    engine text PRIMARY KEY,
    checked_at timestamptz NOT NULL,
    problem text,
    detail text NOT NULL DEFAULT '',
    credits bigint,
    pools jsonb NOT NULL DEFAULT '{}'
);

-- generations that an upstream refused for their content
CREATE TABLE strike (
    generation_id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES account,
    created_at timestamptz NOT NULL
);
CREATE INDEX strike_by_account ON strike (account_id, created_at);

-- migrate: rollback
