import type uPlot from "uplot";
import type { ChartProps } from "./chart.tsx";

/** A line at each mark, so that what was done is seen beside what came of it. */
export function marksPlugin(latest: { readonly current: ChartProps }, colour: string): uPlot.Plugin {
  return {
    hooks: {
      draw(plot) {
        const { ctx, bbox, scales } = plot;
        const { min, max } = scales.x ?? {};
        if (typeof min !== "number" || typeof max !== "number") return;
        ctx.save();
        ctx.strokeStyle = colour;
        ctx.lineWidth = 2 * devicePixelRatio;
        for (const { at } of latest.current.marks ?? []) {
          const begin = beginOf(at, latest.current.grain);
          if (begin < min || begin > max) continue;
          const x = Math.round(plot.valToPos(begin, "x", true));
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
        }
        ctx.restore();
      },
    },
  };
}

const SECONDS = { hour: 3_600, day: 86_400 };

/** Of the hour or day that it falls into, where its values are drawn. */
function beginOf(at: number, grain: ChartProps["grain"]): number {
  return Math.floor(at / SECONDS[grain]) * SECONDS[grain];
}
