import { expect } from 'chai';
import { healthy, PAIRS } from '../../test/support/broken-snapshots.ts';
import type { Draft } from '../../test/support/cluster-snapshot.ts';
import { FIELD_HEALTHY, FIELD_INCIDENTS } from '../../test/support/field-incidents.ts';
import { INCIDENTS, UNUSUAL } from '../../test/support/incidents.ts';
import { paste } from '../../test/support/paste.ts';
import { judge } from '../judge/judge.ts';
import type { Finding } from '../judge/report-schema.ts';
import { inventoryOf } from '../output/report.ts';
import { planOf } from '../plan/plan.ts';
import { objectText } from '../snapshot/object-name.ts';
import { commandsOf, isCommand } from './commands.ts';
import { CHECKS } from './index.ts';

const ALL = [...INCIDENTS, ...FIELD_INCIDENTS];

/** Incidents whose repair needs something that only people know, such as a policy of their own. */
const BY_HAND = new Set(['PID102', 'PID108', 'PID311', 'PID406', 'PID407', 'PID505', 'PID507']);

const findingsOf = (snapshot: Draft) => judge({ version: 1, clusters: [snapshot] }, CHECKS).findings;
const nameOf = ({ check, object }: Finding): string => `${check} ${objectText(object)}`;

describe('incidents', () => {
  for (const { title, source, broken, finding, identity } of ALL)
    it(`${title} (${source})`, () => {
      const snapshot = healthy();
      broken(snapshot);
      const [id, object, cause, repair] = finding;
      const findings = findingsOf(snapshot);
      const all = findings.map((one) => `${nameOf(one)}: ${one.text}`).join('\n');
      const seen = findings.find((one) => one.check === id && objectText(one.object) === object);
      expect(seen, `not found: ${all}`).to.not.equal(undefined);
      expect(seen?.text, 'cause').to.match(cause);
      expect(`${seen?.repair}\n${seen?.fix}`, 'repair').to.match(repair);
      if (identity === undefined) return;
      const rows = inventoryOf({ version: 1, clusters: [snapshot] });
      // Another mechanism is a wrong answer. An unknown one is not.
      expect([identity[1], 'unknown'], 'identity').to.include(
        rows.find(({ pods }) => pods.includes(identity[0]))?.mechanism,
      );
    });

  for (const { title, broken, finding, byHand } of ALL)
    it(`${title}: the repair repairs when it is pasted, or is left to people by the plan`, () => {
      const snapshot = healthy();
      broken(snapshot);
      const before = findingsOf(snapshot);
      const seen = before.find((one) => one.check === finding[0] && objectText(one.object) === finding[1])!;
      if (!isCommand(seen.repair) && (byHand || BY_HAND.has(seen.check) || /boundary|bound by IRSA/.test(title))) {
        const { steps } = planOf({ clusters: [], findings: [seen], notChecked: [] });
        expect(steps.map(({ command }) => command)).to.deep.equal([undefined]);
        return;
      }
      expect(commandsOf(seen.repair), seen.repair).to.not.have.length(0);
      for (const command of commandsOf(seen.repair)) paste(snapshot, command);
      const after = findingsOf(snapshot);
      expect(after.map(nameOf)).to.not.include(nameOf(seen));
      const names = new Set(before.map(nameOf));
      expect(after.filter((one) => one.severity === 'error' && !names.has(nameOf(one))).map(nameOf)).to.deep.equal([]);
    });
});

describe('doctor plan', () => {
  const broken = [
    ...ALL.map((one) => [one.title, one.broken] as const),
    ...Object.entries(PAIRS).map(([id, pair]) => [id, pair.broken] as const),
  ];
  for (const [title, change] of broken)
    it(`${title}: nothing with a command is left after all commands of the plan`, () => {
      const snapshot = healthy();
      change(snapshot);
      const findings = findingsOf(snapshot);
      const { steps } = planOf({ clusters: [], findings, notChecked: [] });
      const commands = steps.flatMap(({ command }) => command ?? []);
      expect(new Set(commands).size).to.equal(commands.length);
      for (const command of commands) paste(snapshot, command);
      const repaired = new Set(findings.filter(({ repair }) => isCommand(repair)).map(nameOf));
      expect(
        findingsOf(snapshot)
          .filter((one) => repaired.has(nameOf(one)))
          .map(nameOf),
      ).to.deep.equal([]);
    });
});

describe('unusual clusters without a finding', () => {
  for (const [title, change] of Object.entries({ ...UNUSUAL, ...FIELD_HEALTHY }))
    it(title, () => {
      const snapshot = healthy();
      change(snapshot);
      const { findings, notChecked } = judge({ version: 1, clusters: [snapshot] }, CHECKS);
      expect(findings).to.deep.equal([]);
      expect(notChecked).to.deep.equal([]);
    });
});
