-- the certificates that films are signed with
-- depends: 0001_initial

-- migrate: apply

CREATE TABLE provenance_root (
    fingerprint text PRIMARY KEY,
    certificate text NOT NULL,
    sealed_key bytea NOT NULL, -- opened with the installation's secret only
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE provenance_leaf (
    fingerprint text PRIMARY KEY,
    root_fingerprint text NOT NULL REFERENCES provenance_root,
    certificate text NOT NULL,
    private_key text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX provenance_leaf_newest ON provenance_leaf (expires_at DESC);

-- migrate: rollback
