-- addresses are compared with A to Z in lower case and nothing else folded
-- depends: 0004_dashboard

-- migrate: apply

UPDATE member SET email_key = lower(email COLLATE "C") WHERE email_key <> lower(email COLLATE "C");
UPDATE sign_up SET email_key = lower(email COLLATE "C") WHERE email_key <> lower(email COLLATE "C");

-- migrate: rollback
