import type { ComponentType } from 'preact';
import type { PageData } from './data.ts';
import type { Route } from './route.ts';

/** What a view is given. */
export interface ViewProps {
  readonly data: PageData;
  readonly route: Route;
}

/** A part of the page with a link in its navigation. */
export interface View {
  /** Its part of the address: lower-case letters. */
  readonly id: string;
  readonly title: string;
  /** Where it stands among the others: the lower ahead. */
  readonly place: number;
  /** What stands behind the title, such as how many things it shows. */
  readonly count?: (data: PageData) => number;
  /** Whether there is anything to show. Default: always. */
  readonly applies?: (data: PageData) => boolean;
  readonly component: ComponentType<ViewProps>;
}

const views: View[] = [];

/** Adds a view. The module of a view calls this; `main.tsx` imports it. */
export const register = (view: View): void => void views.push(view);

/** The views that have something to show. */
export const viewsOf = (data: PageData): readonly View[] =>
  views.filter(({ applies }) => applies?.(data) ?? true).sort((a, b) => a.place - b.place);
