using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace CtrPS.Binding;

/// <summary>
/// The parameters of a cmdlet as PowerShell matches what is typed with them: by name or alias, by their beginnings where only one begins so, the
/// cmdlet's own before the common ones; the case of letters does not matter. PowerShell's own table cannot be asked before a cmdlet is bound.
/// </summary>
internal sealed class ParameterTable
{
    private static readonly ConditionalWeakTable<Type, ParameterTable> Tables = [];

    private readonly Type _cmdlet;
    private readonly IReadOnlyList<Entry> _entries;
    private readonly IReadOnlyList<string> _names;

    private ParameterTable(Type cmdlet)
    {
        _cmdlet = cmdlet;
        _entries =
        [
            .. Read(cmdlet, isCommon: false),
            .. Read(typeof(CommonParameters), isCommon: true),
            .. Read(typeof(ShouldProcessParameters), isCommon: true),
        ];
        CmdletAttribute attribute = cmdlet.GetCustomAttribute<CmdletAttribute>()!;
        Name = $"{attribute.VerbName}-{attribute.NounName}";
        _names = [Name, .. cmdlet.GetCustomAttribute<AliasAttribute>()?.AliasNames ?? []];
    }

    /// <summary>The cmdlet's name.</summary>
    public string Name { get; }

    /// <summary>The cmdlet's class, as the second half of error ids has it.</summary>
    public string ClassName => _cmdlet.FullName!;

    /// <summary>The table of a cmdlet; it is made once.</summary>
    public static ParameterTable Of(Type cmdlet) => Tables.GetValue(cmdlet, type => new ParameterTable(type));

    /// <summary>Whether a typed word names the cmdlet, with or without the module before it.</summary>
    public bool IsCalled(string? word) =>
        word is not null && _names.Contains(word[(word.LastIndexOf('\\') + 1)..], StringComparer.OrdinalIgnoreCase);

    /// <summary>The parameter that PowerShell takes a typed name for. Null: none, or several.</summary>
    public Entry? Find(string typed) => Matches(typed) is [{ } one] ? one : null;

    /// <summary>Whether several parameters begin so: PowerShell refuses such a name itself.</summary>
    public bool IsAmbiguous(string typed) => Matches(typed).Count > 1;

    /// <summary>The parameters that come before the command by position, given those that are typed by name.</summary>
    public IReadOnlyList<string> Leading(IReadOnlySet<string> named)
    {
        Entry command = _entries.First(entry => entry.Name == CommandParameter);
        foreach (ParameterAttribute place in command.Places)
        {
            if (named.All(name => _entries.Any(entry => entry.Name == name && entry.In(place.ParameterSetName).Any())))
            {
                return
                [
                    .. _entries
                        .Where(entry => !named.Contains(entry.Name))
                        .Where(entry => entry.In(place.ParameterSetName).Any(other => other.Position >= 0 && other.Position < place.Position))
                        .Select(entry => entry.Name),
                ];
            }
        }

        return [];
    }

    /// <summary>The name of the parameter that takes the words of a command.</summary>
    public const string CommandParameter = "Command";

    private List<Entry> Matches(string typed)
    {
        if (_entries.FirstOrDefault(entry => entry.Names.Contains(typed, StringComparer.OrdinalIgnoreCase)) is { } exact)
        {
            return [exact];
        }

        List<Entry> all = [.. _entries.Where(entry => entry.Names.Any(name => name.StartsWith(typed, StringComparison.OrdinalIgnoreCase)))];
        List<Entry> own = [.. all.Where(entry => !entry.IsCommon)];
        return all.Count > 1 && own.Count == 1 ? own : all;
    }

    private static IEnumerable<Entry> Read(Type type, bool isCommon) =>
        from property in type.GetProperties()
        let places = property.GetCustomAttributes<ParameterAttribute>().ToArray()
        where places.Length > 0
        select new Entry(
            property.Name,
            [property.Name, .. property.GetCustomAttribute<AliasAttribute>()?.AliasNames ?? []],
            property.PropertyType == typeof(SwitchParameter),
            isCommon,
            places);

    /// <summary>A parameter.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Names">Its name and its aliases.</param>
    /// <param name="IsSwitch">Whether no value follows it.</param>
    /// <param name="IsCommon">Whether all cmdlets have it.</param>
    /// <param name="Places">In which sets, and where.</param>
    internal sealed record Entry(
        string Name, IReadOnlyList<string> Names, bool IsSwitch, bool IsCommon, IReadOnlyList<ParameterAttribute> Places)
    {
        /// <summary>Its places in a set.</summary>
        public IEnumerable<ParameterAttribute> In(string set) => Places.Where(place =>
            place.ParameterSetName == set
            || place.ParameterSetName == ParameterAttribute.AllParameterSets
            || set == ParameterAttribute.AllParameterSets);
    }
}
