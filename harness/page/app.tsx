import { useEffect, useState } from 'preact/hooks';
import type { RunResults } from '../results/results.ts';
import { Again, SetFilter } from './context.tsx';
import type { PageData } from './data.ts';
import { hrefOf, routeOf, type Route } from './route.ts';
import { Side } from './scenario.tsx';
import { viewsOf } from './views.tsx';
import { Mark } from './mark.tsx';
import { conclusion, counted, duration, instant, isBad, VERDICTS } from './words.ts';

/** The whole page: conclusion, views and, when printed, full details of unexpected results. */
export const App = ({ data }: { readonly data: PageData }) => {
  const [route, setFilter] = useRoute();
  const printing = usePrinting();
  useSearchKey();
  const views = viewsOf(data);
  const view = views.find(({ id }) => id === route.view) ?? views[0];
  if (view === undefined) return null;
  return (
    <SetFilter.Provider value={setFilter}>
      <header>
        <a
          class="skip"
          href="#main"
          onClick={(event) => {
            // Keeps the route in the address.
            event.preventDefault();
            document.querySelector<HTMLElement>('main')?.focus();
          }}
        >
          Skip to content
        </a>
        {data.runs.map(
          (run, index) =>
            run && <Conclusion key={index} results={run} name={data.runs.length > 1 ? 'AB'[index] : undefined} />,
        )}
        <nav class="views" aria-label="Views">
          {views.map(({ id, title, count }) => (
            <a
              key={id}
              href={hrefOf(id, id === 'scenarios' ? route.filter : undefined)}
              aria-current={id === view.id ? 'page' : undefined}
            >
              {title}
              {count && <span class="count">{count(data)}</span>}
            </a>
          ))}
        </nav>
      </header>
      <main id="main" tabIndex={-1} aria-label={view.title}>
        <Again.Provider value={data.again}>
          <view.component data={data} route={route} />
          {printing &&
            view.id === 'overview' &&
            data.runs.map((run, index) => run && <InFull key={index} results={run} />)}
        </Again.Provider>
      </main>
    </SetFilter.Provider>
  );
};

const Conclusion = ({ results, name }: { readonly results: RunResults; readonly name: string | undefined }) => {
  const { run, summary, environment } = results;
  const { words, verdict } = conclusion(results);
  const counts = VERDICTS.filter((one) => summary[one] > 0);
  return (
    <div class="conclusion">
      <h1 class={verdict}>
        <Mark verdict={verdict} /> {name !== undefined && `${name}: `}
        {words}
      </h1>
      <p class="counts">
        {counts.map((one) => (
          <a key={one} href={hrefOf('scenarios', new URLSearchParams({ verdict: one }))}>
            {summary[one]} <Mark verdict={one} word />
          </a>
        ))}
        <span class="quiet">{`${counted(summary.total, 'scenario')}, ${counted(summary.probes, 'probe')}`}</span>
      </p>
      <div class="ratio" aria-hidden="true">
        {counts.map((one) => (
          <span key={one} class={one} style={{ flexGrow: summary[one] }} />
        ))}
      </div>
      <p class="quiet">
        {`EKS Pod Identity conformance, run ${run.id}: ${environment.cluster} cluster, AWS: ${environment.aws}. ${instant(run.startedAt)}, ${duration(run.milliseconds)}.`}
      </p>
    </div>
  );
};

const InFull = ({ results }: { readonly results: RunResults }) => (
  <>
    {results.scenarios.filter(isBad).map((scenario) => (
      <article class="in-full" key={scenario.id}>
        <h2>{`${scenario.id} ${scenario.title}`}</h2>
        <Side results={results} scenario={scenario} level="h3" />
      </article>
    ))}
  </>
);

/** Whether the page is being printed. */
function usePrinting(): boolean {
  const media = matchMedia('print');
  const [printing, setPrinting] = useState(media.matches);
  useEffect(() => {
    const listen = (): void => setPrinting(media.matches);
    media.addEventListener('change', listen);
    return () => media.removeEventListener('change', listen);
  }, []);
  return printing;
}

/** Returns the route, and a function that changes the filter without a new entry in the browser's history. */
function useRoute(): [Route, (filter: URLSearchParams) => void] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const listen = (): void => setHash(location.hash);
    addEventListener('hashchange', listen);
    return () => removeEventListener('hashchange', listen);
  }, []);
  const setFilter = (filter: URLSearchParams): void => {
    const [path = ''] = location.hash.split('?');
    history.replaceState(null, '', hrefOf(path.slice(1) || 'scenarios', filter));
    setHash(location.hash);
  };
  return [routeOf(hash), setFilter];
}

/** Moves the focus to the search of the view, or of the scenarios, when `/` is pressed outside of a field. */
function useSearchKey(): void {
  useEffect(() => {
    const search = (): HTMLElement | null => document.querySelector('[type=search]');
    const listen = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      if (search() === null) {
        // The view renders after the event.
        addEventListener('hashchange', () => setTimeout(() => search()?.focus()), { once: true });
        location.hash = hrefOf('scenarios');
      } else search()?.focus();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
}
