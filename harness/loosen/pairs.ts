import { setImmediate } from 'node:timers/promises';
import { withPolicy } from '../policies/policy-uses.ts';
import { shortest, type SourceUse } from '../policies/sources.ts';
import { changeWords } from './change-id.ts';
import { changedDocument, explained, type JudgedChange } from './judge.ts';
import { replay } from './replay.ts';
import type { TakenByScenario } from './survivor/index.ts';

/** Pairs that are judged; the result names this bound when it is reached. */
const MOST_PAIRS = 200;

/**
 * Judges pairs of changes that do nothing alone: a role's permissions and its boundary, both sides of a chain, a role and a bucket or key.
 * Returns pairs that matter together, and how many others there were. `unjudged`: pairs beyond the bound. `taken`: that of `judgeChanges`.
 */
export async function judgePairs(judged: readonly JudgedChange[], taken: TakenByScenario) {
  const single = judged.filter(({ state }) => state === 'equivalent');
  const related = single.flatMap((one, index) =>
    single.slice(index + 1).flatMap((other) => {
      const uses = usesTogether(one, other);
      return uses === undefined ? [] : [{ one, other, uses }];
    }),
  );
  const pairs: JudgedChange[] = [];
  for (const { one, other, uses } of related.slice(0, MOST_PAIRS)) {
    await setImmediate();
    const verdict = await verdictOf([one, other], uses, taken);
    const text = `${one.change.text}, together with ${shortest(other.source.file)}, ${changeWords(other.change)}`;
    pairs.push({ ...one, id: `${one.id}+${other.id}`, change: { ...one.change, text }, by: 'replay', ...verdict });
  }
  return { pairs, unjudged: Math.max(0, related.length - MOST_PAIRS) };
}

type Uses = readonly [SourceUse, SourceUse];

/** Returns uses of both policies in one scenario that can limit the same request. */
function usesTogether({ source }: JudgedChange, { source: other }: JudgedChange): Uses | undefined {
  if (source === other) return undefined;
  for (const first of source.uses)
    for (const second of other.uses)
      if (first.observation === second.observation && isRelated(first, second)) return [first, second];
  return undefined;
}

const isRelated = ({ used: one }: SourceUse, { used: other }: SourceUse): boolean => {
  const isSameRole = one.owner === other.owner;
  const parts = [one.part, other.part];
  return (one.part === 'trust') === (other.part === 'trust')
    ? one.part !== 'trust' && (isSameRole || parts.some((part) => ['bucket', 'key', 'session'].includes(part)))
    : !isSameRole && !parts.includes('key');
};

async function verdictOf(
  pair: readonly [JudgedChange, JudgedChange],
  uses: Uses,
  taken: TakenByScenario,
): Promise<Partial<JudgedChange>> {
  const [{ observation }] = uses;
  const { scenario } = observation;
  const replacements = uses.map(({ used }, index) => {
    const { source, change } = pair[index] as JudgedChange;
    return { used, document: changedDocument(used, source, change) };
  });
  const replayed = replay(observation, replacements);
  if (replayed.result === 'contradicts') return { state: 'killed', scenario: scenario.id, probe: replayed.probe };
  if (replayed.result === 'open') return { state: 'undecided', reason: replayed.reason };
  const changed = uses.reduce((spec, { used }, index) => {
    const { source, change } = pair[index] as JudgedChange;
    return withPolicy(spec, used, change.apply(source.document));
  }, scenario.spec);
  return { state: 'survived', ...(await explained(uses, () => changed, taken)) };
}
