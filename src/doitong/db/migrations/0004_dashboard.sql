-- people who sign in, what they are told by mail, what they did, and what the dashboard shows of an account
-- depends: 0003_upstreams

-- migrate: apply

-- members -------------------------------------------------------------------------------------------------
CREATE TABLE member (
    id text PRIMARY KEY,
    email text NOT NULL, -- as its owner writes it
    email_key text NOT NULL UNIQUE, -- as it is compared
    name text NOT NULL DEFAULT '',
    password text, -- argon2id; NULL for who signs in elsewhere only
    language text NOT NULL DEFAULT 'en',
    is_operator boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    verified_at timestamptz
);

CREATE TABLE membership (
    account_id text NOT NULL REFERENCES account,
    member_id text NOT NULL REFERENCES member ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'developer', 'viewer')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, member_id)
);
CREATE INDEX membership_by_member ON membership (member_id);

-- who a member is at an OpenID provider
CREATE TABLE member_identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    member_id text NOT NULL REFERENCES member ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE session (
    id text PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    member_id text NOT NULL REFERENCES member ON DELETE CASCADE,
    account_id text NOT NULL REFERENCES account,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    address text NOT NULL,
    agent text NOT NULL
);
CREATE INDEX session_by_member ON session (member_id);
CREATE INDEX session_by_expiry ON session (expires_at);

-- who signed up and has not yet proven the address: becomes a member, with an account, by the link in the mail
CREATE TABLE sign_up (
    digest bytea PRIMARY KEY, -- of the link's secret
    email text NOT NULL,
    email_key text NOT NULL,
    name text NOT NULL,
    password text NOT NULL, -- argon2id; each sign-up keeps its own, so nobody's link confirms another's password
    language text NOT NULL,
    account_name text NOT NULL,
    browser bytea NOT NULL, -- digest of the cookie of the browser that signed up
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_up_by_email ON sign_up (email_key);
CREATE INDEX sign_up_by_expiry ON sign_up (expires_at);

-- digests of addresses that had sign-up credits: an address has them once, also after its account was deleted
CREATE TABLE credited_address (
    digest bytea PRIMARY KEY
);

-- what a link in a mail stands for; good for one use
CREATE TABLE member_token (
    id text PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    purpose text NOT NULL CHECK (purpose IN ('reset', 'change_email', 'invite')),
    email text NOT NULL,
    member_id text REFERENCES member ON DELETE CASCADE, -- NULL for an invitation
    account_id text REFERENCES account, -- of an invitation
    role text CHECK (role IN ('owner', 'developer', 'viewer')),
    created_by text REFERENCES member ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX member_token_by_account ON member_token (account_id) WHERE purpose = 'invite';
CREATE INDEX member_token_by_member ON member_token (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX member_token_by_expiry ON member_token (expires_at);

-- tries that failed, by what they were tried on (an address of mail, an address of the network)
CREATE TABLE sign_in_failure (
    subject text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX sign_in_failure_by_subject ON sign_in_failure (subject, created_at);
CREATE INDEX sign_in_failure_by_age ON sign_in_failure (created_at);

-- mail: written in the transaction of what it tells, sent by a job -----------------------------------------------
CREATE TABLE mail (
    id text PRIMARY KEY,
    kind text NOT NULL,
    recipient text NOT NULL,
    language text NOT NULL,
    subject text NOT NULL,
    body_text text NOT NULL,
    body_html text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'shown')), -- shown: there is no mail server
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    error text,
    created_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX mail_due ON mail (due_at) WHERE state = 'pending';

-- audit: one row for each change that somebody made ---------------------------------------------------------------
CREATE TABLE audit (
    id text PRIMARY KEY,
    account_id text REFERENCES account, -- NULL for what concerns the whole installation
    actor_kind text NOT NULL CHECK (actor_kind IN ('member', 'key', 'command', 'system')),
    actor_id text, -- a member's id, a key's prefix
    actor_name text NOT NULL DEFAULT '',
    action text NOT NULL, -- noun.verb, as key.create
    subject text, -- the id of what was changed
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL
);
CREATE INDEX audit_by_account ON audit (account_id, id DESC);
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- usage: ended generations counted as they end, by the day of their end (UTC) ---------------------------------
CREATE TABLE usage_day (
    account_id text NOT NULL REFERENCES account,
    day date NOT NULL,
    service text NOT NULL,
    quality text NOT NULL,
    key_prefix text NOT NULL, -- 'dashboard' for what a member made
    engine text NOT NULL,
    completed integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    canceled integer NOT NULL DEFAULT 0,
    credits bigint NOT NULL DEFAULT 0, -- captured
    seconds bigint NOT NULL DEFAULT 0, -- of film
    PRIMARY KEY (account_id, day, service, quality, key_prefix, engine)
);
CREATE INDEX usage_day_by_day ON usage_day (day);
INSERT INTO usage_day (account_id, day, service, quality, key_prefix, engine, completed, failed, canceled, credits, seconds)
SELECT account_id, (completed_at AT TIME ZONE 'UTC')::date, service, coalesce(parameters ->> 'quality', 'standard'),
       coalesce(key_prefix, 'dashboard'), engine,
       count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'failed'),
       count(*) FILTER (WHERE status = 'canceled'), sum(credit_cost),
       coalesce(sum((parameters ->> 'duration')::bigint) FILTER (WHERE status = 'completed'), 0)
FROM generation WHERE status <> 'processing' GROUP BY 1, 2, 3, 4, 5, 6;

-- budgets: what a key may spend in a month (UTC), and what it has reserved or spent in it ---------------------------
-- a key and those that replace it are one family, named by the prefix of the first: they share a budget
ALTER TABLE api_key ADD COLUMN monthly_budget bigint CHECK (monthly_budget > 0);
ALTER TABLE api_key ADD COLUMN family text;
UPDATE api_key SET family = prefix;
ALTER TABLE api_key ALTER COLUMN family SET NOT NULL;
CREATE INDEX api_key_by_family ON api_key (family);
-- the prefixes of keys with a budget: known with the counters, so that others cost no look
ALTER TABLE account_usage ADD COLUMN budgeted_keys text[] NOT NULL DEFAULT '{}';
CREATE TABLE key_month ( -- written by who has locked its account's counters
    family text NOT NULL,
    month date NOT NULL,
    credits bigint NOT NULL CHECK (credits >= 0),
    PRIMARY KEY (family, month)
) WITH (fillfactor = 50);

-- alerts: told once when the available credits fall below, again after they were above ------------------------------
CREATE TABLE credit_alert (
    account_id text NOT NULL REFERENCES account,
    threshold bigint NOT NULL CHECK (threshold > 0),
    created_at timestamptz NOT NULL,
    fired_at timestamptz,
    PRIMARY KEY (account_id, threshold)
);

-- payments: one row for each checkout; its grant is made once, in the transaction that says so ----------------------
CREATE TABLE payment (
    id text PRIMARY KEY,
    checkout_id text UNIQUE, -- of Stripe; NULL until its answer
    account_id text NOT NULL REFERENCES account,
    member_id text REFERENCES member ON DELETE SET NULL,
    credits bigint NOT NULL CHECK (credits > 0),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0), -- in the currency's smallest unit
    currency text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'paid', 'expired')),
    created_at timestamptz NOT NULL,
    asked_at timestamptz, -- when a worker last asked Stripe about it
    ended_at timestamptz
);
CREATE INDEX payment_by_account ON payment (account_id, id DESC);
CREATE INDEX payment_open ON payment (created_at) WHERE state = 'open';

-- what is rare in a statement is found at once
CREATE INDEX ledger_transfer_rare ON ledger_transfer (account_id, kind, id DESC)
    WHERE kind IN ('grant', 'release', 'expire', 'refund', 'adjustment');

-- shares: a film that whoever has the link may see ---------------------------------------------------------------
CREATE TABLE share (
    generation_id text PRIMARY KEY REFERENCES generation,
    token text NOT NULL UNIQUE,
    account_id text NOT NULL REFERENCES account,
    created_at timestamptz NOT NULL
);

-- a deleted generation is not shown and has no files; its credits stay where they went
ALTER TABLE generation ADD COLUMN deleted_at timestamptz;

-- the operator's views: who works, and what was not delivered
CREATE TABLE worker (
    id text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX delivery_failed ON delivery (id DESC) WHERE state = 'failed';

-- migrate: rollback
