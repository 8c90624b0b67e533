using CtrPS.Rig;
using CtrPS.Tests.Shells;

namespace CtrPS.Tests.Specs;

/// <summary>Command lines that fail, and their errors as <c>Id Category [target]</c>; ids without the cmdlet's class.</summary>
[Collection(EngineCollection.Name)]
public sealed class ErrorSpecs(Engines engines)
{
    public static TheoryData<Generation, string, string> Lines => Table.Of(
        ("Get-CtrImage nope -Namespace k8s.io", "CtrImageNotFound ObjectNotFound [nope]"),
        ("Get-CtrImage nope, busybox:1.35, nada -Namespace k8s.io", "CtrImageNotFound ObjectNotFound [nope]|CtrImageNotFound ObjectNotFound [nada]"),
        ("Get-CtrImage nope, nada -Namespace k8s.io -ErrorAction Stop", "CtrImageNotFound ObjectNotFound [nope]"),
        ("Get-CtrImage nope -Namespace k8s.io -ErrorAction SilentlyContinue", ""),
        ("'busybox:1.35', 'nope' | Get-CtrImage -Namespace k8s.io | Select -First 1", ""),
        ("Get-CtrImage busybox:1.35, nope -Namespace k8s.io | Get-CtrImage | Select -First 1 | Measure", ""),
        ("'a', 'b' | Get-CtrImage -Session /nonexistent/c.sock | Measure", "CtrAddressNotFound ResourceUnavailable [/nonexistent/c.sock]"),
        ("Get-CtrNamespace | Get-CtrNamespace nope -ErrorAction Stop", "InputObjectNotBound InvalidArgument [k8s.io]"),
        ("Get-CtrImage busybox:1.35", "CtrImageNotFound ObjectNotFound [busybox:1.35]"),
        ("Get-CtrImage nginx:deb -Namespace k8s.io -Platform linux/riscv64", "CtrImageNotFound ObjectNotFound [nginx:deb]"),
        ("Get-CtrImage -Namespace 'no such'", "CtrInvalidNamespace InvalidArgument [no such]"),
        ("Get-CtrImage -Namespace nowhere", "CtrNamespaceNotFound ObjectNotFound [nowhere]"),
        ("Get-CtrImage '[' -Namespace k8s.io", "CtrInvalidArgument InvalidArgument [[]"),
        ("Get-CtrImage -Namespace k8s.io -Filter 'name~~x'", "CtrInvalidArgument InvalidArgument [k8s.io]"),
        ("Get-CtrImage -Platform a/b/c/d", "CannotConvertArgumentNoMessage InvalidArgument []"),
        ("Get-CtrImage ''", "CannotConvertArgumentNoMessage InvalidArgument []"),
        ("Get-CtrImage $null", "ParameterArgumentValidationError InvalidData []"),
        ("$null | Get-CtrImage", "ParameterArgumentValidationError InvalidData []"),
        ("Get-CtrImage -Nope", "NamedParameterNotFound InvalidArgument []"),
        ("Get-CtrImage a b", "PositionalParameterNotFound InvalidArgument []"),
        ("Get-CtrImage -Name", "MissingArgument InvalidArgument []"),
        ("Get-CtrImage -Name -Unique", "MissingArgument InvalidArgument []"),
        ("Get-CtrImage a -Image b", "PositionalParameterNotFound InvalidArgument []"),
        ("Get-CtrImage -Image a -Image b", "ParameterAlreadyBound InvalidArgument []"),
        ("Get-CtrImage -Error Stop", "AmbiguousParameter InvalidArgument []"),
        ("Get-CtrImage -Session 99", "ParameterArgumentTransformationError InvalidData []"),
        ("Get-CtrImage -Session nope", "ParameterArgumentTransformationError InvalidData []"),
        ("'nope' | Disconnect-CtrSession", "ParameterArgumentTransformationError InvalidData [nope]"),
        ("5 | Get-CtrServer | Where Address -eq nowhere", "InputObjectNotBound InvalidArgument [5]"),
        ("Watch-CtrEvent -Namespace 'no such'", "CtrInvalidNamespace InvalidArgument [no such]"),
        ("Wait-CtrEvent /tasks/oom -Timeout 1", "CtrEventTimeout OperationTimeout [/tasks/oom]"),
        ("Register-CtrEvent -MaxTriggerCount -1", "ParameterArgumentValidationError InvalidData []"),
        ("Get-CtrLog -LiteralPath /nonexistent/web.log", "CtrLogNotFound ObjectNotFound [/nonexistent/web.log]"),
        ("Get-CtrLog nope -Namespace k8s.io -Since nonsense", "ParameterArgumentTransformationError InvalidData []"),
        ("Remove-CtrImage", "MissingMandatoryParameter InvalidArgument []"),
        ("Remove-CtrImage nope -Namespace k8s.io", "CtrImageNotFound ObjectNotFound [nope]"),
        ("Get-CtrImage busybox:1.35 -Namespace k8s.io | Remove-CtrImage -Namespace other",
            "CtrTargetConflict InvalidArgument [docker.io/library/busybox:1.35]"),
        ("Get-CtrImage busybox:1.35 -Namespace k8s.io | Get-CtrImage -Session /elsewhere",
            "CtrTargetConflict InvalidArgument [docker.io/library/busybox:1.35]"),
        ("Add-CtrImageTag busybox:1.35 'NOT valid' -Namespace k8s.io", "CtrInvalidReference InvalidArgument [NOT valid]"),
        ("Add-CtrImageTag busybox:1.35 nginx:deb -Namespace k8s.io", "CtrImageExists ResourceExists [nginx:deb]"),
        ("Add-CtrImageTag busybox:1.35 -Namespace k8s.io", "MissingMandatoryParameter InvalidArgument []"),
        ("Set-CtrImage busybox:1.35 -Label @{ a = 1 } -ReplaceLabel @{ b = 1 }", "AmbiguousParameterSet InvalidArgument []"),
        ("Set-CtrImage busybox:1.35 -Label 5", "CannotConvertArgumentNoMessage InvalidArgument []"),
        ("Set-CtrImage nope -Label @{ a = 'b' } -Namespace k8s.io", "CtrImageNotFound ObjectNotFound [nope]"),
        ("Get-CtrArchive /nonexistent.tar", "CtrArchiveNotFound ObjectNotFound [/nonexistent.tar]"),
        ("Get-CtrArchive -LiteralPath '/no*.tar'", "CtrArchiveNotFound ObjectNotFound [/no*.tar]"),
        ("Get-CtrArchive /etc/hostname", "CtrArchiveUnrecognized InvalidData [/etc/hostname]"),
        ("Get-CtrArchive /etc", "CtrArchiveUnrecognized InvalidData [/etc]"),
        ("Get-CtrArchive /nonexistent.tar, {archives}/busybox.tar, /etc", "CtrArchiveNotFound ObjectNotFound [/nonexistent.tar]|CtrArchiveUnrecognized InvalidData [/etc]"),
        ("Get-CtrArchive", "MissingMandatoryParameter InvalidArgument []"),
        ("Test-CtrArchive /etc/hostname", "CtrArchiveUnrecognized InvalidData [/etc/hostname]"),
        ("Get-CtrNamespace nope", "CtrNamespaceNotFound ObjectNotFound [nope]"),
        ("New-CtrNamespace k8s.io", "CtrNamespaceExists ResourceExists [k8s.io]"),
        ("New-CtrNamespace 'not valid'", "CtrInvalidNamespace InvalidArgument [not valid]"),
        ("New-CtrNamespace x -Confirm", "InvalidOperation InvalidOperation []"),
        ("Remove-CtrNamespace x", "InvalidOperation InvalidOperation []"),
        ("Remove-CtrNamespace k8s.io -Confirm:$false", "CtrNamespaceProtected PermissionDenied [k8s.io]"),
        ("Remove-CtrNamespace k8s.io -Force", "CtrNamespaceNotEmpty InvalidOperation [k8s.io]"),
        ("Remove-CtrNamespace nope -Confirm:$false", "CtrNamespaceNotFound ObjectNotFound [nope]"),
        ("Set-CtrNamespace nope -Label @{ a = 'b' }", "CtrNamespaceNotFound ObjectNotFound [nope]"),
        ("Get-CtrPlugin nope", "CtrNotFound ObjectNotFound [nope]"),
        ("Get-CtrPlugin -Status what", "CannotConvertArgumentNoMessage InvalidArgument []"),
        ("Get-CtrSession 77", "CtrSessionNotFound ObjectNotFound [77]"),
        ("Get-CtrSession x", "CannotConvertArgumentNoMessage InvalidArgument []"),
        ("Connect-CtrSession /nonexistent/c.sock", "CtrAddressNotFound ResourceUnavailable [/nonexistent/c.sock]"),
        ("Connect-CtrSession nonsense", "CtrInvalidAddress InvalidArgument [nonsense]"),
        ("Connect-CtrSession -Timeout 0", "ParameterArgumentValidationError InvalidData []"),
        ("Connect-CtrSession -UseTls", "CtrInvalidAddress InvalidArgument [{address}]"),
        ("Connect-CtrSession tcp://127.0.0.1:1 -CertificateAuthority /nonexistent/ca.pem", "CtrInvalidArgument InvalidArgument [tcp://127.0.0.1:1]"),
        ("Nope-Nope", "CommandNotFoundException ObjectNotFound [Nope-Nope]"),
        ("Get-CtrNamespace | Select -ExpandProperty Nope",
            "ExpandPropertyNotFound InvalidArgument [k8s.io]|ExpandPropertyNotFound InvalidArgument [web]"));

    [SkippableTheory]
    [MemberData(nameof(Lines))]
    public async Task Lines_fail_with(Generation generation, string line, string expected)
    {
        ShellResult result = Assert.Single(await engines.RunAsync(generation, line));
        string address = await engines.AddressAsync(generation);
        Assert.Equal(
            expected.Replace("{address}", address, StringComparison.Ordinal),
            string.Join('|', result.Errors.Select(error => $"{error.Id.Split(',')[0]} {error.Category} [{error.Target}]")));
    }
}
