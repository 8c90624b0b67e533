using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using CtrPS.Commands;

namespace CtrPS.Tests;

/// <summary>Where things are in CtrPS.dll, and what it shows to others.</summary>
public sealed partial class HouseTests
{
    /// <summary>The words for what the module does (docs/architecture.md).</summary>
    private static readonly string[] Capabilities =
    [
        "Archives", "Builds", "Checkpoints", "Containers", "Content", "Cri", "Events", "Images", "Leases", "Logs",
        "Namespaces", "Network", "Registry", "Sandboxes", "Server", "Snapshots", "Storage", "Tasks",
    ];

    /// <summary>Folders of Commands that stand for no capability: sessions are what all of them use.</summary>
    private static readonly string[] OtherFolders = ["Sessions"];

    private static readonly Assembly Module = typeof(CtrCmdlet).Assembly;
    private static readonly string Source =
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ModuleUnderTest.Manifest)!, "..", "..", "src", "CtrPS"));

    private static readonly string Commands = Path.Combine(Source, "Commands");

    private static Type[] PublicTypes => [.. Module.GetExportedTypes(), .. typeof(CtrSession).Assembly.GetExportedTypes()];

    [Fact]
    public void A_cmdlet_is_sealed_and_alone_in_a_file_of_its_capability()
    {
        Type[] cmdlets = [.. Module.GetTypes().Where(type => type.IsDefined(typeof(CmdletAttribute)))];
        Assert.NotEmpty(cmdlets);
        Assert.All(cmdlets, cmdlet =>
        {
            Assert.True(cmdlet is { IsPublic: true, IsSealed: true }, "A cmdlet is public and sealed.");
            CmdletAttribute attribute = cmdlet.GetCustomAttribute<CmdletAttribute>()!;
            Assert.Equal($"CtrPS.Commands.{attribute.VerbName}{attribute.NounName}Command", cmdlet.FullName);
            string file = Assert.Single(Directory.GetFiles(Commands, cmdlet.Name + ".cs", SearchOption.AllDirectories));
            Assert.Contains(Path.GetRelativePath(Commands, Path.GetDirectoryName(file)!), Capabilities.Concat(OtherFolders));
            _ = Assert.Single(TypeDeclaration().Matches(File.ReadAllText(file)));
        });
    }

    [Fact]
    public void The_folders_of_the_commands_are_capabilities() =>
        Assert.All(
            Directory.GetDirectories(Commands).Select(Path.GetFileName),
            folder => Assert.Contains(folder, Capabilities.Concat(OtherFolders)));

    [Fact]
    public void Each_file_has_the_namespace_of_its_folder() =>
        Assert.All(Directory.GetFiles(Source, "*.cs", SearchOption.AllDirectories).Where(IsOurs), file =>
        {
            Match declared = NamespaceDeclaration().Match(File.ReadAllText(file));
            if (declared.Success)
            {
                Assert.Equal($"CtrPS.{Path.GetRelativePath(Source, file).Split(Path.DirectorySeparatorChar)[0]}", declared.Groups["name"].Value);
            }
        });

    [Fact]
    public void A_public_type_has_a_known_namespace()
    {
        string[] ofModule = ["CtrPS.Binding", "CtrPS.Commands", "CtrPS.Completion", "CtrPS.Loading", "CtrPS.Output"];
        Assert.All(PublicTypes, type => Assert.Contains(type.Namespace, type.Assembly == Module ? ofModule : ["CtrPS"]));
    }

    [Fact]
    public void A_public_signature_has_nothing_third_party() => Assert.All(PublicTypes, type => Assert.All(
        SignatureOf(type).SelectMany(Parts).Distinct(),
        part => Assert.True(IsKnown(part), $"{type} shows {part}, of {part.Assembly.GetName().Name}.")));

    /// <summary>Records have setters and a copying method that PowerShell shows and calls. A spec is a document: it is there to be changed.</summary>
    [Fact]
    public void Nobody_can_change_or_copy_what_cmdlets_give()
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        Type[] objects = [.. typeof(CtrSession).Assembly.GetExportedTypes().Where(type => !typeof(CtrSpecObject).IsAssignableFrom(type)
            && type != typeof(CtrSpecDictionary) && !type.IsEnum
            && !(type.IsGenericType && type.GetGenericTypeDefinition() == typeof(CtrSpecList<>)))];
        Assert.Contains(typeof(CtrImage), objects);
        Assert.All(objects, type =>
        {
            Assert.DoesNotContain(type.GetProperties(Own), property => property.GetSetMethod() is not null);
            Assert.DoesNotContain(type.GetFields(Own), field => !field.IsInitOnly);
            Assert.DoesNotContain(type.GetMethods(Own), method => method.Name.StartsWith('<'));
        });
    }

    /// <summary>ConvertTo-Json writes the words of enums that are this long, and the numbers of others.</summary>
    [Fact]
    public void An_enum_on_an_object_has_words_in_json() => Assert.All(
        typeof(CtrSession).Assembly.GetExportedTypes()
            .Where(type => !typeof(Exception).IsAssignableFrom(type))
            .SelectMany(type => type.GetProperties())
            .Select(property => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType)
            .Where(type => type.IsEnum),
        type => Assert.Equal(typeof(long), Enum.GetUnderlyingType(type)));

    /// <summary>The types that whoever uses or derives from a type sees.</summary>
    private static IEnumerable<Type> SignatureOf(Type type)
    {
        const BindingFlags Declared =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        IEnumerable<MethodBase> methods = type.GetMethods(Declared).Concat<MethodBase>(type.GetConstructors(Declared));
        return
        [
            .. type.BaseType is { } parent ? [parent] : Type.EmptyTypes,
            .. type.GetInterfaces().Where(one => one.IsVisible),
            .. type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly).Select(field => field.FieldType),
            .. methods.Where(IsVisible).SelectMany(method => method.GetParameters()).Select(parameter => parameter.ParameterType),
            .. methods.Where(IsVisible).OfType<MethodInfo>().Select(method => method.ReturnType),
        ];
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    /// <summary>A type, and those that it is made of.</summary>
    private static IEnumerable<Type> Parts(Type type) => type.IsGenericParameter ? []
        : type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition())
        : [type];

    private static bool IsKnown(Type type) =>
        type.Assembly.GetName().Name is { } name
        && (name is "CtrPS" or "CtrPS.Core" || name.StartsWith("System.", StringComparison.Ordinal))
        && type.IsVisible;

    private static bool IsOurs(string file) => Path.GetRelativePath(Source, file).Split(Path.DirectorySeparatorChar)[0] is not "bin" and not "obj";

    [GeneratedRegex("^(public|internal) ([a-z]+ )*(class|record|struct|interface|enum) ", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex NamespaceDeclaration();
}
