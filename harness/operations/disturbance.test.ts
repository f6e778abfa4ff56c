import { expect } from 'chai';
import { clearWeather, weather } from './disturbance.ts';

describe('renamed operations', () => {
  it('throw an error with the new name', () => {
    expect(() => weather()).to.throw('weather() was renamed: use disturbAws().');
    expect(() => clearWeather()).to.throw('clearWeather() was renamed: use clearDisturbances().');
  });
});
