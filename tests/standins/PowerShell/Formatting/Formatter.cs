using System.Management.Automation;

namespace CtrPS.StandIn.Formatting;

/// <summary>Objects with the view that a Format- cmdlet chose for them.</summary>
internal sealed record FormattedObjects(bool IsTable, IReadOnlyList<string> Properties, IReadOnlyList<object> Objects);

/// <summary>Turns the output of a pipeline into lines of text, as PowerShell's default output does.</summary>
internal sealed class Formatter(ViewTable views, int width)
{
    /// <summary>With more properties than this, objects without a view become lists.</summary>
    private const int MaxTableProperties = 4;

    public IEnumerable<string> Lines(IEnumerable<object?> output)
    {
        List<object> pending = [];
        foreach (object? value in output.Select(PSObject.Unwrap))
        {
            if (value is null)
            {
                continue;
            }

            bool isAlone = DisplayText.IsScalar(value) || value is FormattedObjects;
            bool goesOn = !isAlone && (pending.Count == 0 || pending[0].GetType() == value.GetType());
            foreach (string line in goesOn ? [] : Flush(pending))
            {
                yield return line;
            }

            if (value is FormattedObjects formatted)
            {
                foreach (string line in Show(formatted.Objects, formatted.IsTable, formatted.Properties))
                {
                    yield return line;
                }
            }
            else if (DisplayText.IsScalar(value))
            {
                yield return PSObject.Text(value);
            }
            else
            {
                pending.Add(value);
            }
        }

        foreach (string line in Flush(pending))
        {
            yield return line;
        }
    }

    private List<string> Flush(List<object> pending)
    {
        List<string> lines = pending.Count > 0 ? [.. Show(pending, null, [])] : [];
        pending.Clear();
        return lines;
    }

    private IEnumerable<string> Show(IReadOnlyList<object> values, bool? isTable, IReadOnlyList<string> properties)
    {
        if (values.Count == 0)
        {
            yield break;
        }

        PSObject[] objects = [.. values.Select(PSObject.AsPSObject)];
        View view = (properties.Count == 0 ? views.Find(objects[0], isTable) : null) ?? ViewOfProperties(objects[0], isTable, properties);
        foreach ((object? key, List<PSObject> group) in Groups(objects, view.Group))
        {
            yield return "";
            if (view.Group is not null)
            {
                yield return $"   {view.Group.Label}: {PSObject.Text(key)}";
                yield return "";
            }

            foreach (string line in view.IsTable
                ? TableWriter.Lines(view.Fields, group, width)
                : group.SelectMany(one => ListWriter.Lines(view.Fields, one, width).Append("")))
            {
                yield return line;
            }
        }

        if (view.IsTable)
        {
            yield return "";
        }
    }

    /// <summary>Neighbours with an equal key.</summary>
    private static List<(object? Key, List<PSObject> Group)> Groups(IEnumerable<PSObject> objects, GroupKey? group)
    {
        List<(object? Key, List<PSObject> Group)> groups = [];
        foreach (PSObject one in objects)
        {
            object? key = group?.Value(one);
            if (groups.Count == 0 || !LanguagePrimitives.Equals(groups[^1].Key, key, ignoreCase: true))
            {
                groups.Add((key, []));
            }

            groups[^1].Group.Add(one);
        }

        return groups;
    }

    private static View ViewOfProperties(PSObject first, bool? isTable, IReadOnlyList<string> wanted)
    {
        bool all = wanted.Count == 0 || wanted is ["*"];

        // Format-List * shows added properties first, the default list last.
        IEnumerable<PSPropertyInfo> properties = wanted is ["*"] && first.BaseObject is not PSCustomObject
            ? first.Properties.OrderBy(property => !property.IsExtended)
            : first.Properties;
        string[] names = [.. all ? properties.Select(property => property.Name) : wanted.Select(name => first.Properties[name]?.Name ?? name)];
        return new View(
            isTable ?? names.Length <= MaxTableProperties,
            [.. names.Select(name => new Field(name, ViewExpression.Property(name), Right: IsRight(first.Properties[name]?.Value)))]);
    }

    private static bool IsRight(object? value) => value is not (null or string) && DisplayText.IsScalar(value);
}
