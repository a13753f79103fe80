import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import { Page } from "./page";
import "./style.css";
import { applyTheme, readTheme } from "./theme";

applyTheme(readTheme());
render(<Page />, document.getElementById("page")!);
