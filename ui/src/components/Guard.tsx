import { Component, type ReactNode } from "react";

/** Keeps a fault in one part from taking the others along; the finding stays readable. */
export class Guard extends Component<
  { headline?: string; children: ReactNode },
  { error: Error | null }
> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="fallback" role="alert">
        {this.props.headline ? <h1>{this.props.headline}</h1> : null}
        <p className="notice shown">
          This part could not be drawn: {error.message}. The data are whole; `watchkeeper report …
          -o report.json` has every number. Please report this with the words above.
        </p>
      </div>
    );
  }
}
