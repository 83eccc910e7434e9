-- what is pressed counts once; what came of a payment that did not fit, that was refunded, that was disputed
-- depends: 0004_dashboard

-- migrate: apply

-- a form, a payment: what moves credits under a value of it does so once, in the transaction that writes it here
CREATE TABLE ledger_once (
    once text PRIMARY KEY,
    what text NOT NULL, -- what was done under it: the same again is done already, anything else is refused
    created_at timestamptz NOT NULL
);

ALTER TABLE payment
    ADD COLUMN payment_intent text UNIQUE, -- Stripe's; refunds and disputes name it
    ADD COLUMN paid_minor bigint, -- what came
    ADD COLUMN paid_currency text,
    ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0, -- the most that Stripe ever told
    ADD COLUMN taken bigint NOT NULL DEFAULT 0 CHECK (taken >= 0), -- credits taken back, less those given again
    ADD COLUMN owed bigint NOT NULL DEFAULT 0 CHECK (owed >= 0), -- credits to take back that were spent
    ADD COLUMN waived bigint NOT NULL DEFAULT 0 CHECK (waived >= 0), -- of these, what the operator let go
    DROP CONSTRAINT payment_state_check,
    ADD CONSTRAINT payment_state_check CHECK (state IN ('open', 'paid', 'expired', 'mismatched', 'left')),
    ADD CONSTRAINT payment_takes_what_it_gave CHECK (taken + owed + waived <= credits);
UPDATE payment SET paid_minor = amount_minor, paid_currency = currency WHERE state = 'paid';
CREATE INDEX payment_by_state ON payment (state, id DESC);
CREATE INDEX payment_owed ON payment (id DESC) WHERE owed > 0;

-- money that a bank took back, by dispute: both amounts only grow, so the order of the news does not matter
CREATE TABLE payment_dispute (
    id text PRIMARY KEY, -- Stripe's
    payment_id text NOT NULL REFERENCES payment,
    withdrawn_minor bigint NOT NULL DEFAULT 0,
    reinstated_minor bigint NOT NULL DEFAULT 0
);
CREATE INDEX payment_dispute_by_payment ON payment_dispute (payment_id);

-- migrate: rollback
