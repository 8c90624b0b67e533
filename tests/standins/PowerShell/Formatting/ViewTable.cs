using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Xml.Linq;

namespace CtrPS.StandIn.Formatting;

/// <summary>The views of format files.</summary>
internal sealed class ViewTable
{
    private readonly List<(string Type, View View)> _views = [];

    /// <summary>The first view for an object, of a shape if one is given.</summary>
    public View? Find(PSObject value, bool? isTable) => _views
        .FirstOrDefault(entry => entry.Type == value.BaseObject.GetType().FullName && (isTable is null || entry.View.IsTable == isTable)).View;

    public void Read(string path, Assembly assembly)
    {
        foreach (XElement view in XDocument.Load(path).Descendants("View"))
        {
            GroupKey? group = view.Element("GroupBy") is { } by
                ? new GroupKey(by.Element("Label")?.Value ?? by.Element("PropertyName")!.Value, Value(by, assembly))
                : null;
            View read = view.Element("TableControl") is { } table ? new View(true, [.. Columns(table, assembly)], group)
                : view.Element("ListControl") is { } list ? new View(false, [.. Lines(list, assembly)], group)
                : throw new StandInException($"the kind of the view {view.Element("Name")?.Value}");
            _views.AddRange(view.Descendants("TypeName").Select(type => (type.Value, read)));
        }
    }

    private static IEnumerable<Field> Columns(XElement table, Assembly assembly) => table.Descendants("TableColumnHeader").Zip(
        table.Descendants("TableColumnItem"),
        (header, item) => new Field(
            header.Element("Label")?.Value ?? item.Element("PropertyName")?.Value ?? "",
            Value(item, assembly),
            int.Parse(header.Element("Width")?.Value ?? "0", CultureInfo.InvariantCulture),
            header.Element("Alignment")?.Value == "Right"));

    private static IEnumerable<Field> Lines(XElement list, Assembly assembly) => list.Descendants("ListItem").Select(item => Line(item, assembly));

    private static Field Line(XElement item, Assembly assembly) => new(
        item.Element("Label")?.Value ?? item.Element("PropertyName")?.Value ?? "",
        Value(item, assembly),
        Applies: item.Element("ItemSelectionCondition") is { } condition ? Value(condition, assembly) : null);

    private static Func<PSObject, object?> Value(XElement item, Assembly assembly) => item.Element("PropertyName") is { } property
        ? ViewExpression.Property(property.Value)
        : ViewExpression.Parse(item.Element("ScriptBlock")!.Value.Trim(), assembly);
}
