/** The part of `ml-regression` that is used here; the package brings no types of its own. */
declare module "ml-regression" {
  export class MultivariateLinearRegression {
    constructor(
      x: readonly (readonly number[])[],
      y: readonly (readonly number[])[],
      options?: { intercept?: boolean; statistics?: boolean },
    );
    predict(x: readonly number[]): number[];
  }
}
