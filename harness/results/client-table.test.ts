import { expect } from 'chai';
import type { ScenarioResult, Verdict } from './results.ts';
import { clientTable, isSplit } from './client-table.ts';

const result = (id: string, verdict: Verdict, client?: ScenarioResult['client']): ScenarioResult =>
  ({
    id,
    suite: 'client',
    title: `title of ${id.split('.')[0]}`,
    verdict,
    ...(client && { client }),
  }) as ScenarioResult;
const red = { name: 'red', version: '1' };
const newer = { name: 'red', version: '2' };

describe('the table of clients', () => {
  it('has a column for each client and version, and a row for each scenario', () => {
    const { clients, rows } = clientTable([
      result('CL-01.red-1', 'passed', red),
      result('CL-01.red-2', 'failed', newer),
      result('CL-02.red-1', 'passed', red),
      result('PI-11', 'passed'),
    ]);
    expect(clients).to.deep.equal([red, newer]);
    expect(rows.map(({ id, cells }) => [id, ...cells.map((cell) => cell?.verdict)])).to.deep.equal([
      ['CL-01', 'passed', 'failed'],
      ['CL-02', 'passed', undefined],
    ]);
    expect(rows.map(isSplit)).to.deep.equal([true, false]);
  });

  it('has the later of two results with the same id', () => {
    const { rows } = clientTable([result('CL-01', 'failed', red), result('CL-01', 'passed', red)]);
    expect(rows[0]?.cells.map((cell) => cell?.verdict)).to.deep.equal(['passed']);
  });
});
