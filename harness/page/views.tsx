import type { ComponentType } from 'preact';
import type { PageData } from './data.ts';
import type { Route } from './route.ts';

export interface ViewProps {
  readonly data: PageData;
  readonly route: Route;
}

/** A part of the page with a link in its navigation. */
export interface View {
  /** Its name in the address: lower-case letters. */
  readonly id: string;
  readonly title: string;
  /** Its position among the views, from low to high. */
  readonly place: number;
  /** The number after the title, such as the number of items. */
  readonly count?: (data: PageData) => number;
  /** Whether there is anything to show. Default: always. */
  readonly applies?: (data: PageData) => boolean;
  readonly component: ComponentType<ViewProps>;
}

const views: View[] = [];

/** Adds a view. Modules of views call this; `main.tsx` imports them. */
export const register = (view: View): void => void views.push(view);

/** Returns the views that have something to show. */
export const viewsOf = (data: PageData): readonly View[] =>
  views.filter(({ applies }) => applies?.(data) ?? true).sort((a, b) => a.place - b.place);
