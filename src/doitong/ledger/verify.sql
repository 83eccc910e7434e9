-- Recomputes the ledger from its entries, in one statement and so in one snapshot: each row that it returns is
-- a difference (check_name, subject, expected, found). An empty answer is the proof. It also runs in psql.

WITH side AS (
    SELECT transfer.id, transfer.account_id, transfer.kind, transfer.amount,
           count(entry.amount) AS entries,
           coalesce(sum(entry.amount), 0) AS total,
           coalesce(max(abs(entry.amount)), 0) AS largest,
           min(entry.ledger_account) FILTER (WHERE entry.amount < 0) AS source,
           min(entry.ledger_account) FILTER (WHERE entry.amount > 0) AS target,
           coalesce(sum(entry.amount) FILTER (WHERE entry.ledger_account = 'available:' || account_id), 0)
               AS available,
           coalesce(sum(entry.amount) FILTER (WHERE entry.ledger_account = 'held:' || account_id), 0) AS held
    FROM ledger_transfer AS transfer LEFT JOIN ledger_entry AS entry ON entry.transfer_id = transfer.id
    GROUP BY transfer.id
), rule (kind, source, target) AS (
    VALUES ('grant', 'issued', 'available'), ('adjustment', 'issued', 'available'),
           ('adjustment', 'available', 'issued'), ('hold', 'available', 'held'),
           ('capture', 'held', 'revenue'), ('release', 'held', 'available'),
           ('expire', 'held', 'available'), ('refund', 'revenue', 'available')
), running AS (
    SELECT transfer.id, transfer.available_after, transfer.held_after,
           sum(side.available) OVER so_far AS available, sum(side.held) OVER so_far AS held
    FROM ledger_transfer AS transfer JOIN side USING (id)
    WINDOW so_far AS (PARTITION BY transfer.account_id ORDER BY transfer.id)
), balance AS (
    SELECT 'available:' || account_id AS name, available AS amount FROM ledger_balance
    UNION ALL
    SELECT 'held:' || account_id, held FROM ledger_balance
), posted AS (
    SELECT ledger_account AS name, sum(amount) AS amount FROM ledger_entry
    WHERE ledger_account NOT IN ('issued', 'revenue') GROUP BY ledger_account
), open_hold AS (
    SELECT account_id, sum(amount) AS amount FROM hold WHERE state = 'open' GROUP BY account_id
), moved AS (
    SELECT generation_id, account_id,
           coalesce(sum(amount) FILTER (WHERE kind = 'hold'), 0) AS placed,
           coalesce(sum(amount) FILTER (WHERE kind = 'capture'), 0) AS captured,
           coalesce(sum(amount) FILTER (WHERE kind = 'release'), 0) AS released,
           coalesce(sum(amount) FILTER (WHERE kind = 'expire'), 0) AS expired,
           coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunded
    FROM ledger_transfer WHERE generation_id IS NOT NULL GROUP BY generation_id, account_id
), stated AS (
    SELECT generation_id, account_id, amount AS placed, captured,
           CASE WHEN state IN ('captured', 'released') THEN amount - captured ELSE 0 END AS released,
           CASE WHEN state = 'expired' THEN amount - captured ELSE 0 END AS expired, refunded
    FROM hold
), difference (check_name, subject, expected, found) AS (
    SELECT 'all entries sum to zero', 'ledger', '0', sum(amount)::text
    FROM ledger_entry HAVING sum(amount) <> 0

    UNION ALL
    SELECT 'a transfer has two entries that sum to zero', 'transfer ' || id,
           format('2 entries of %s, sum 0', amount), format('%s entries of %s, sum %s', entries, largest, total)
    FROM side WHERE entries <> 2 OR total <> 0 OR largest <> amount

    UNION ALL
    SELECT 'an entry belongs to a transfer', 'transfer ' || transfer_id, 'a transfer', 'none'
    FROM ledger_entry
    WHERE NOT EXISTS (SELECT FROM ledger_transfer WHERE ledger_transfer.id = ledger_entry.transfer_id)

    UNION ALL
    SELECT 'a transfer moves as its kind says', 'transfer ' || id, kind,
           format('%s to %s', coalesce(source, 'nothing'), coalesce(target, 'nothing'))
    FROM side WHERE NOT EXISTS (
        SELECT FROM rule WHERE rule.kind = side.kind
           AND side.source = CASE WHEN rule.source IN ('issued', 'revenue') THEN rule.source
                                  ELSE rule.source || ':' || side.account_id END
           AND side.target = CASE WHEN rule.target IN ('issued', 'revenue') THEN rule.target
                                  ELSE rule.target || ':' || side.account_id END)

    UNION ALL
    SELECT 'a balance is the sum of its entries', coalesce(balance.name, posted.name),
           coalesce(posted.amount, 0)::text, coalesce(balance.amount::text, 'none')
    FROM balance FULL JOIN posted ON posted.name = balance.name
    WHERE balance.amount IS DISTINCT FROM coalesce(posted.amount, 0)

    UNION ALL
    SELECT 'held is the sum of open holds', coalesce(ledger_balance.account_id, open_hold.account_id),
           coalesce(amount, 0)::text, coalesce(held, 0)::text
    FROM ledger_balance FULL JOIN open_hold ON open_hold.account_id = ledger_balance.account_id
    WHERE coalesce(held, 0) <> coalesce(amount, 0)

    UNION ALL
    SELECT 'a hold is what its transfers say', 'generation ' || coalesce(stated.generation_id, moved.generation_id),
           coalesce((SELECT row_to_json(moved)::text WHERE moved.generation_id IS NOT NULL), 'no transfer'),
           coalesce((SELECT row_to_json(stated)::text WHERE stated.generation_id IS NOT NULL), 'no hold')
    FROM stated FULL JOIN moved
        ON moved.generation_id = stated.generation_id AND moved.account_id = stated.account_id
    WHERE (stated.placed, stated.captured, stated.released, stated.expired, stated.refunded)
        IS DISTINCT FROM (moved.placed, moved.captured, moved.released, moved.expired, moved.refunded)

    UNION ALL
    SELECT 'the state of a hold fits its amounts', 'generation ' || generation_id,
           'captured ≤ amount, refunded ≤ captured',
           format('%s of %s, captured %s, refunded %s', state, amount, captured, refunded)
    FROM hold
    WHERE (state = 'captured') <> (captured > 0) OR (state = 'open') <> (resolved_at IS NULL)
       OR captured > amount OR refunded > captured

    UNION ALL
    SELECT 'no balance is negative', name, '≥ 0', amount::text FROM balance WHERE amount < 0

    UNION ALL
    SELECT 'the balances after a transfer are the sums so far', 'transfer ' || id,
           format('available %s, held %s', available, held),
           format('available %s, held %s', available_after, held_after)
    FROM running
    WHERE (available_after, held_after) <> (available, held) OR available_after < 0 OR held_after < 0
)
SELECT check_name, subject, expected, found FROM difference LIMIT 1000
