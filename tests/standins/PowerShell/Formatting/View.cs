using System.Management.Automation;

namespace CtrPS.StandIn.Formatting;

/// <summary>A column of a table, or a line of a list.</summary>
/// <param name="Label">Its heading.</param>
/// <param name="Value">Its value for an object.</param>
/// <param name="Width">Characters; 0: as wide as the values.</param>
/// <param name="Right">Whether values stand to the right.</param>
/// <param name="Applies">Whether an object has it. Lists only.</param>
internal sealed record Field(string Label, Func<PSObject, object?> Value, int Width = 0, bool Right = false, Func<PSObject, object?>? Applies = null);

/// <summary>What a group has in common.</summary>
internal sealed record GroupKey(string Label, Func<PSObject, object?> Value);

/// <summary>How to show objects: as a table or as a list.</summary>
internal sealed record View(bool IsTable, IReadOnlyList<Field> Fields, GroupKey? Group = null);
